import { Buffer } from 'node:buffer';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type LoopbackServer, serveOnLoopback } from '../../demo/server/loopback.ts';

const TOLD = /\.(?:GetTable|GetTables|GetDatabase|GetDatabases)$/;

interface Described {
  Description?: string;
  Owner?: string;
}

/**
 * Between Trino and the emulator's Glue. Glue leaves a description and an owner out where nobody gave one,
 * the emulator says ""; and an empty description is, to Trino, one that hides the mark of a view. Nothing
 * else is changed.
 */
export function startGlueInFront(emulator: string): Promise<LoopbackServer> {
  const { hostname, port } = new URL(emulator);
  return serveOnLoopback(async (asked, answer) => {
    const body = await buffer(asked);
    const { method, url, headers } = asked;
    const passed = request({ host: hostname, port, method, path: url, headers }, async (told) => {
      const text = await buffer(told);
      const isTold = told.statusCode === 200 && TOLD.test(String(headers['x-amz-target']));
      const sent = isTold ? Buffer.from(JSON.stringify(asGlueSays(JSON.parse(text.toString())))) : text;
      const { 'transfer-encoding': _, ...kept } = told.headers;
      answer.writeHead(told.statusCode ?? 502, { ...kept, 'content-length': String(sent.length) });
      answer.end(sent);
    });
    passed.once('error', () => answer.writeHead(502).end());
    passed.end(body);
  });
}

interface Told {
  readonly Table?: Described;
  readonly TableList?: readonly Described[];
  readonly Database?: Described;
  readonly DatabaseList?: readonly Described[];
}

function asGlueSays(told: Told): Told {
  const { Table = {}, TableList = [], Database = {}, DatabaseList = [] } = told;
  for (const described of [Table, ...TableList, Database, ...DatabaseList]) {
    if (described.Description === '') delete described.Description;
    if (described.Owner === '') delete described.Owner;
  }
  return told;
}
