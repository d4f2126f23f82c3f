// The HTTP clients of the AWS SDK for JavaScript v3: the control plane, which the SDK's jobs sample uses too, and the data planes of shadows and jobs.
// And HTTPS by itself, as devices use it that have a certificate and no SDK.
'use strict';

const https = require('node:https');
const fs = require('node:fs');

const packages = {
  iot: () => [require('@aws-sdk/client-iot'), 'IoTClient'],
  data: () => [require('@aws-sdk/client-iot-data-plane'), 'IoTDataPlaneClient'],
  jobs: () => [require('@aws-sdk/client-iot-jobs-data-plane'), 'IoTJobsDataPlaneClient'],
};

// With a certificate, the protocol is that which AWS IoT Core has for HTTPS on port 443.
function fetch({ url, method, headers, body, cert, key }) {
  const identity = cert && { cert: fs.readFileSync(cert), key: fs.readFileSync(key), ALPNProtocols: ['x-amzn-http-ca'] };
  return new Promise((resolve, reject) => {
    const request = https.request(url, { method, headers, agent: false, ...identity }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

module.exports = {
  'http.fetch': fetch,

  // Operation is the API's name of it, such as CreateJob. One attempt: the SDK would hide what fails at times only.
  'http.send': async ({ client, endpoint, operation, input }) => {
    const [sdk, type] = packages[client]();
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'lab' };
    const http = new sdk[type]({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 });
    try {
      const { $metadata, ...output } = await http.send(new sdk[operation + 'Command'](input ?? {}));
      return { ...output, status: $metadata.httpStatusCode };
    } finally {
      http.destroy();
    }
  },
};
