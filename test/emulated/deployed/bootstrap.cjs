#!/usr/bin/env node
/**
 * What the managed runtime of Node does on AWS, as a custom runtime: asks Lambda's Runtime API for the next event, calls
 * the handler, answers. Here because the emulator's own Node runtime reports every error as `Runtime.HandlerError`, and
 * the state machine retries by the error's name. It is laid beside each bundle as `bootstrap`.
 */
const http = require('node:http');
const path = require('node:path');

const env = process.env;
// The SDK sends it with every request: how `faulty-link.ts` knows whom to kill.
env.AWS_SDK_UA_APP_ID = `pid-${process.pid}`;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, resource, body) {
  return new Promise((resolve, reject) => {
    const options = { host, port, agent, method, path: `/2018-06-01/runtime${resource}` };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on('error', reject);
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

function describe(error) {
  const known = error instanceof Error;
  return JSON.stringify({
    errorType: known ? error.name : typeof error,
    errorMessage: known ? error.message : String(error),
    trace: known ? String(error.stack).split('\n') : [],
  });
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function load() {
  const [file, name] = env._HANDLER.split('.');
  return require(path.resolve(env.LAMBDA_TASK_ROOT, file))[name];
}

async function serve() {
  let handler;
  try {
    handler = load();
  } catch (error) {
    await call('POST', '/init/error', describe(error));
    throw error;
  }
  for (;;) {
    const { headers, text } = await call('GET', '/invocation/next');
    const invocation = `/invocation/${headers['lambda-runtime-aws-request-id']}`;
    try {
      const answer = await handler(JSON.parse(text), contextOf(headers));
      await call('POST', `${invocation}/response`, JSON.stringify(answer) ?? 'null');
    } catch (error) {
      await call('POST', `${invocation}/error`, describe(error));
    }
  }
}

serve().catch((error) => {
  console.error(error);
  process.exit(1);
});
