// IotShadowClientv2 and IotJobsClientv2 of aws-iot-device-sdk-v2, on either client, with the limits that the SDK's samples set.
'use strict';

const { iotjobs, iotshadow, mqtt5 } = require('aws-iot-device-sdk-v2');

module.exports = (emit, client) => {
  const services = new Map();
  const kinds = { shadow: iotshadow.IotShadowClientv2, jobs: iotjobs.IotJobsClientv2 };

  function open({ name, kind, over, seconds }) {
    const protocol = client(over);
    const options = { maxRequestResponseSubscriptions: 5, maxStreamingSubscriptions: 2, operationTimeoutInSeconds: seconds ?? 60 };
    const create = protocol instanceof mqtt5.Mqtt5Client ? 'newFromMqtt5' : 'newFromMqtt311';
    services.set(name, kinds[kind][create](protocol, options));
  }

  // Method is one of the client's that make a stream, such as createShadowUpdatedStream.
  function stream({ name, method, request }) {
    const operation = services.get(name)[method](request);
    for (const event of ['subscriptionStatus', 'incomingPublish', 'incomingPublishError']) {
      operation.on(event, (data) => emit(event, method, data));
    }
    operation.open();
  }

  return {
    'service.open': open,
    'service.stream': stream,
    'service.request': ({ name, method, request }) => services.get(name)[method](request),
    // Requests that are made at once; each has its answer.
    'service.requests': ({ name, method, requests }) => Promise.all(requests.map((request) => services.get(name)[method](request))),
    'service.close': ({ name }) => services.get(name).close(),
  };
};
