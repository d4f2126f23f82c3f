// MQTT clients of aws-iot-device-sdk-v2: that of MQTT 5 and that of MQTT 3.1.1, configured as the SDK's samples do, but for the port and the CA.
'use strict';

const { once } = require('node:events');
const { iot, mqtt, mqtt5 } = require('aws-iot-device-sdk-v2');

module.exports = (emit) => {
  const clients = new Map();
  const held = []; // of messages that are not acknowledged
  const get = (name) => {
    if (!clients.has(name)) throw new Error(`there is no client ${name}`);
    return clients.get(name);
  };

  function build5({ at, connect, session, alias, reconnectMs }) {
    const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(at.host, at.cert, at.key);
    builder.withCertificateAuthorityFromPath(undefined, at.ca);
    builder.withPort(at.port);
    builder.withConnectProperties(connect);
    if (session) builder.withSessionBehavior(mqtt5.ClientSessionBehavior[session]);
    if (alias) builder.withTopicAliasingOptions({ outboundBehavior: mqtt5.OutboundTopicAliasBehaviorType.LRU, outboundCacheMaxSize: alias });
    if (reconnectMs) builder.withMinReconnectDelayMs(reconnectMs).withMaxReconnectDelayMs(reconnectMs);
    return builder.build();
  }

  // The first outcome is the answer; the client goes on trying, as its configuration says, until it is stopped.
  async function start5(options) {
    const client = new mqtt5.Mqtt5Client(build5(options));
    clients.set(options.name, client);
    for (const event of ['attemptingConnect', 'connectionSuccess', 'connectionFailure', 'disconnection', 'messageReceived', 'stopped']) {
      client.on(event, (data) => emit(event, options.name, data));
    }
    if (options.hold) client.on('messageReceived', ({ acknowledgementControl }) => held.push(acknowledgementControl.acquireHandle())); // no PUBACK
    client.on('error', (error) => emit('error', options.name, error));
    return restart5(options);
  }

  async function restart5({ name }) {
    const client = get(name);
    const outcome = Promise.race([
      once(client, 'connectionSuccess').then(([event]) => event),
      once(client, 'connectionFailure').then(([event]) => Promise.reject(event.error)),
    ]);
    client.start();
    return outcome;
  }

  async function stop5({ name, packet }) {
    const client = get(name);
    const stopped = once(client, 'stopped');
    client.stop(packet);
    await stopped;
  }

  async function connect311({ name, at, clientId, clean, keepAlive, will }) {
    const builder = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(at.cert, at.key)
      .with_certificate_authority_from_path(undefined, at.ca)
      .with_endpoint(at.host)
      .with_port(at.port)
      .with_client_id(clientId)
      .with_clean_session(clean);
    if (keepAlive) builder.with_keep_alive_seconds(keepAlive);
    if (will) builder.with_will(new mqtt.MqttWill(will.topic, will.qos, will.payload, will.retain ?? false));
    const connection = new mqtt.MqttClient().new_connection(builder.build());
    clients.set(name, connection);
    for (const event of ['interrupt', 'resume', 'disconnect', 'closed', 'connection_success', 'connection_failure', 'error']) {
      connection.on(event, (data) => emit(event, name, data));
    }
    connection.on('message', (topic, payload, duplicate, qos, retain) => emit('message', name, { topic, payload, duplicate, qos, retain }));
    return { sessionPresent: await connection.connect() };
  }

  return {
    get,
    calls: {
      'mqtt5.start': start5,
      'mqtt5.restart': restart5,
      'mqtt5.stop': stop5,
      'mqtt5.subscribe': ({ name, filters, qos }) => get(name).subscribe({ subscriptions: filters.map((topicFilter) => ({ topicFilter, qos })) }),
      'mqtt5.unsubscribe': ({ name, filters }) => get(name).unsubscribe({ topicFilters: filters }),
      'mqtt5.publish': ({ name, ...packet }) => get(name).publish(packet),
      'mqtt311.connect': connect311,
      'mqtt311.subscribe': ({ name, filter, qos }) => get(name).subscribe(filter, qos),
      'mqtt311.unsubscribe': ({ name, filter }) => get(name).unsubscribe(filter),
      'mqtt311.publish': ({ name, topic, payload, qos, retain }) => get(name).publish(topic, payload, qos, retain ?? false),
      'mqtt311.disconnect': ({ name }) => get(name).disconnect(),
    },
  };
};
