// Runs the AWS SDKs as a test tells it to. Standard input has a call a line, {"id", "call", "with"}; standard output a line for each answer,
// {"id", "result"} or {"id", "error"}, and for each thing that happens by itself, {"event", "of", "data"}. Calls run at the same time.
'use strict';

const readline = require('node:readline');

// Bytes become text, and what JSON has no type for becomes text too.
function plain(_key, value) {
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString();
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
  if (value?.type === 'Buffer' && Array.isArray(value.data)) return Buffer.from(value.data).toString();
  if (value instanceof Error) return failure(value);
  return typeof value === 'bigint' ? value.toString() : value;
}

// What tests look at in an error: the members of the SDKs' error types, and of what they wrap.
function failure(error) {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, error_code, error_name, modeledError, internalError, connack, disconnect, $metadata } = error;
  return { name, message, error_code, error_name, modeledError, internalError, connack, disconnect, status: $metadata?.httpStatusCode };
}

function write(line) {
  process.stdout.write(JSON.stringify(line, plain) + '\n');
}

const emit = (event, of, data) => write({ event, of, data });

// What takes long to load is loaded when it is called.
const once = (make) => {
  let made;
  return () => (made ??= make());
};
const clients = once(() => require('./clients.js')(emit));
const groups = {
  mqtt5: () => clients().calls,
  mqtt311: () => clients().calls,
  service: once(() => require('./services.js')(emit, clients().get)),
  http: () => require('./control.js'),
  schema: () => require('./schemas.js'),
};

async function serve(line) {
  const { id, call, with: args } = JSON.parse(line);
  try {
    const run = groups[call.split('.')[0]]?.()[call];
    if (!run) throw new Error(`there is no call ${call}`);
    write({ id, result: (await run(args)) ?? null });
  } catch (error) {
    write({ id, error: failure(error) });
  }
}

readline.createInterface({ input: process.stdin }).on('line', serve).on('close', () => process.exit(0));
