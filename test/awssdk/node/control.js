// The HTTP clients of the AWS SDK for JavaScript v3: the control plane, which the SDK's jobs sample uses too, and the data planes of shadows and jobs.
'use strict';

const packages = {
  iot: () => [require('@aws-sdk/client-iot'), 'IoTClient'],
  data: () => [require('@aws-sdk/client-iot-data-plane'), 'IoTDataPlaneClient'],
  jobs: () => [require('@aws-sdk/client-iot-jobs-data-plane'), 'IoTJobsDataPlaneClient'],
};

module.exports = {
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
