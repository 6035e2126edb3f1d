import { type Answer, htmlAnswer, jsonAnswer } from '../server/exchange.ts';

/** What a request to the site is, as far as its answers look at it. */
export interface MenuRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** An answer of GraphQL that has errors, beside `data` or without. */
export function graphqlError(status: number, code: string, message: string, data?: unknown): Answer {
  return jsonAnswer(status, {
    ...(data !== undefined && { data }),
    errors: [{ message, extensions: { code } }],
  });
}

/** The page of Cloudflare for those it does not let in, in our own words but for its marks. */
const BLOCK_PAGE = `<!DOCTYPE html><html lang="en-US"><head><title>Attention Required! | Cloudflare</title><link rel="stylesheet" id="cf_styles-css" href="/cdn-cgi/styles/cf.errors.css"></head>
<body><div id="cf-wrapper"><div id="cf-error-details"><h1 data-translate="block_headline">Sorry, you have been blocked</h1><h2>You are unable to access this menu</h2><p>Cloudflare Ray ID: <strong>0000000000000000</strong></p></div></div></body></html>
`;

export function blocked(status: 200 | 403): Answer {
  return htmlAnswer(status, BLOCK_PAGE, { server: 'cloudflare', 'cf-ray': '0000000000000000-PHX' });
}
