// The JSON schemas that Nordic Semiconductor publishes for the messages between the tracker and its cloud.
'use strict';

const { default: Ajv } = require('ajv/dist/2019.js');
const { pathToFileURL } = require('node:url');

let loaded; // what imports the package: it is an ECMAScript module

function protocol() {
  loaded ??= import(pathToFileURL(require.resolve('@nordicsemiconductor/asset-tracker-cloud-docs/protocol')));
  return loaded;
}

// Most of the schemas let any other member pass; closed, they find names that they do not have. The branches of an allOf add up, so that only the
// whole can be closed.
function closed(schema, branch = false) {
  if (Array.isArray(schema)) return schema.map((each) => closed(each));
  if (schema === null || typeof schema !== 'object') return schema;
  const copy = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name === '$schema') continue; // says draft-07, which cannot close an allOf
    copy[name] = name === 'allOf' ? value.map((each) => closed(each, true)) : closed(value);
  }
  if (copy.type === 'object' && !branch) copy.unevaluatedProperties = false;
  return copy;
}

module.exports = {
  'schema.names': async () =>
    Object.entries(await protocol())
      .filter(([, value]) => value.$id)
      .map(([name]) => name),

  // The findings have the path of each, and the keyword of the schema that it breaks.
  'schema.validate': async ({ schema, document }) => {
    const schemas = await protocol();
    if (!schemas[schema]) throw new Error(`there is no schema ${schema}`);
    const validate = new Ajv({ allErrors: true, strict: false }).compile(closed(schemas[schema]));
    validate(document);
    return (validate.errors ?? []).map(({ instancePath, keyword, params }) => ({
      path: [instancePath, params.unevaluatedProperty ?? params.additionalProperty].filter((part) => part !== undefined).join('/'),
      keyword,
    }));
  },
};
