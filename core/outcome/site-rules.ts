import { addressed } from './block-evidence.ts';
import { type BlockRule, beside, hint, sensor, sign, structure } from './block-marks.ts';

/** Waiting rooms, and walls that one site has built for itself */
export const SITE_RULES: readonly BlockRule[] = [
  {
    id: 'queue-it/waiting-room',
    means: 'waiting',
    decisive: (e) => addressed(e, /\.queue-it\.net$/),
    most: 1500,
    marks: [
      structure('title', /^queue-it$/),
      structure('scripts', /location(?:\.href)?\s{0,3}=[^;]{0,120}\.queue-it\.net/),
      structure('tags', /http-equiv=["']?refresh[^>]{0,120}\.queue-it\.net/),
      sensor(/queue-it\.net\/|queueclient|queueconfigloader/),
      sign('tags', /\sid=["']?mainpart_(?:div|lb|p|h2|ul)/),
      sign('code', 'queueviewmodel'),
      hint('text', /^please wait|you are (?:now )?in line|your estimated wait time|waiting room/),
      hint('code', /queue-it\.net|queueclient/),
    ],
  },
  {
    id: 'reddit/too-many-requests',
    means: 'waiting',
    decisive: (e) => e.status === 429 && (e.outline?.text.includes('whoa there, pardner') ?? false),
  },
  {
    id: 'reddit/network-security',
    means: 'waf',
    most: 1500,
    marks: [sign('text', /blocked by network security|blocked due to a network policy/)],
  },
  {
    id: 'google/sorry',
    means: 'captcha',
    decisive: (e) => addressed(e, /\.google\.(?:[a-z]{2,3}\.)?[a-z]{2,3}$/, '/sorry/'),
    marks: [
      sign('text', 'detected unusual traffic from your computer network'),
      sign('text', 'your computer or network may be sending automated queries'),
      sign('tags', /<form[^>]{0,200}\sid=["']?captcha-form/),
    ],
  },
  {
    id: 'amazon/validate-captcha',
    means: 'captcha',
    decisive: (e) => addressed(e, /./, '/errors/validatecaptcha'),
    most: 1500,
    marks: [
      structure(
        'tags',
        /<form[^>]{0,300}action=["']?(?:https?:\/\/[^/"'\s]{1,100})?\/errors\/validatecaptcha/,
      ),
      hint('text', /(?:enter|type) the characters you see (?:below|in this image)/),
      hint('title', /^robot check$/),
    ],
  },
  {
    // What browsers get as an outage says to programs, in a comment ahead of the page, whom to write to.
    id: 'amazon/automated-access',
    means: 'waf',
    decisive: (e) =>
      e.status === 503 && /to discuss automated access to amazon data/i.test(e.page.slice(0, 1000)),
  },
  {
    id: 'linkedin/authwall',
    means: 'waf',
    decisive: (e) =>
      addressed(e, /\.linkedin\.com$/, '/authwall') ||
      addressed(e, /\.linkedin\.com$/, '/checkpoint/challenge'),
    most: 300,
    marks: [sign('scripts', /\/authwall\?/), beside((e) => e.status === 999)],
  },
  {
    id: 'weibo/visitor-system',
    means: 'waf',
    decisive: (e) => addressed(e, /\.weibo\.(?:com|cn)$/, '/visitor/'),
    most: 500,
    marks: [
      structure('title', /^sina visitor system$|^新浪访客系统$/),
      sign('code', /passport\.weibo\.c(?:om|n)\/visitor/),
    ],
  },
  {
    id: 'yandex/showcaptcha',
    means: 'captcha',
    decisive: (e) => addressed(e, /\.yandex\.(?:com\.)?[a-z]{2,3}$/, '/showcaptcha'),
    most: 1500,
    marks: [structure('tags', /<form[^>]{0,300}action=["']?[^"'\s>]{0,100}\/checkcaptcha/)],
  },
  {
    id: 'alibaba/punish',
    means: 'captcha',
    decisive: (e) =>
      e.urls.some((url) => /\/_____tmd_____\/(?:punish|verify)|\/punish\?x5secdata=/.test(url)),
    most: 600,
    marks: [structure('code', /_____tmd_____\/(?:punish|verify|page\/feedback)/), hint('code', 'x5secdata')],
  },
  {
    id: 'alibaba/blocked',
    means: 'waf',
    most: 600,
    marks: [sign('text', '您的访问被阻断'), hint('tags', /\sid=["']?block_message["'\s>]/)],
  },
  {
    id: 'baidu/verification',
    means: 'captcha',
    decisive: (e) => addressed(e, /\.wappass\.baidu\.com$/, '/static/captcha/'),
    most: 300,
    marks: [structure('title', /^百度安全验证$/), hint('code', 'wappass.baidu.com/')],
  },
  {
    id: 'wildberries/antibot',
    means: 'waf',
    most: 600,
    marks: [structure('tags', '/__wbaas/challenges/')],
  },
  {
    id: 'alibaba/acw-sc',
    means: 'waf',
    most: 100,
    marks: [structure('scripts', /acw_sc__v[23]/)],
  },
  {
    id: 'duckduckgo/anomaly',
    means: 'captcha',
    most: 1500,
    marks: [structure('tags', /<form[^>]{0,200}action=["']?[^"'\s>]{0,40}\/anomaly\.js\?/)],
  },
];
