/** A challenge as Cloudflare's customers see it; made here, after what public detectors look for. */
export const CLOUDFLARE_CHALLENGE = `<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="390"></head>
<body class="no-js"><div class="main-wrapper" role="main"><div class="main-content"><h1 class="zone-name-title">Checking your browser</h1><noscript><div class="h2"><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></div></noscript></div></div>
<script>(function(){window._cf_chl_opt={cvId:'3',cZone:"demo",cType:'managed',cRay:'0000000000000000'};var a=document.createElement('script');a.src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=0000000000000000';document.head.appendChild(a);}());</script></body></html>
`;

/** Incapsula's frame, which comes with status 200. */
export const INCAPSULA_WALL = `<html style="height:100%"><head><meta name="robots" content="noindex,nofollow"><meta name="format-detection" content="telephone=no"></head><body style="margin:0;height:100%">
<iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=9-1234567-0&incident_id=1234000123456789-987654321&edet=12&cinfo=04000000" frameborder="0" width="100%" height="100%">Request unsuccessful. Incapsula incident ID: 1234000123456789-987654321</iframe></body></html>
`;

/** A page on which a captcha is all that there is to do. */
export const LONE_CAPTCHA = `<!DOCTYPE html><html lang="en"><head><title>One more step</title></head><body><h1>One more step</h1><p>Please complete the check.</p><form action="/check" method="post"><div class="g-recaptcha" data-sitekey="demo"></div></form><script src="https://www.google.com/recaptcha/api.js"></script></body></html>
`;

export function statusPage(status: number, reason: string): string {
  return `<!DOCTYPE html>\n<html lang="en"><head><title>${status} ${reason}</title></head><body><h1>${status} ${reason}</h1><hr><p>demo racing site</p></body></html>\n`;
}
