import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.client.LeshanClient;
import org.eclipse.leshan.client.LeshanClientBuilder;
import org.eclipse.leshan.client.engine.DefaultRegistrationEngineFactory;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.resource.LwM2mInstanceEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.send.ManualDataSender;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.StaticModel;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.argument.Arguments;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.core.response.WriteResponse;
import org.eclipse.leshan.transport.californium.client.endpoint.CaliforniumClientEndpointsProvider;
import org.eclipse.leshan.transport.californium.client.endpoint.coap.CoapClientProtocolProvider;
import org.eclipse.leshan.transport.californium.client.endpoint.coaps.CoapsClientProtocolProvider;

/**
 * A Leshan client that takes some of the commands of the firmware's debug console. It stands in for the firmware to show that the tests ask
 * for nothing that another client does not do. Argument: a folder of object definitions (XML).
 */
final class Client {
    private final List<ObjectModel> models;
    private final Map<LwM2mPath, String> accounts = new TreeMap<>(); // of /0 and /1, before the start
    private final Device device = new Device();
    private LeshanClient client;

    public static void main(String[] args) throws Exception {
        Client client = new Client(new File(args[0]));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int code;
            try {
                code = client.command(line.trim().split(" +"));
            } catch (Exception e) {
                e.printStackTrace();
                code = -22;
            }
            System.out.println("= " + code);
            System.out.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private Client(File folder) {
        models = new ArrayList<>(ObjectLoader.loadDefault());
        Set<Integer> known = models.stream().map(o -> o.id).collect(Collectors.toSet());
        ObjectLoader.loadObjectsFromDir(folder).stream().filter(o -> !known.contains(o.id)).forEach(models::add);
    }

    private int command(String[] words) throws Exception {
        if (words.length < 2 || !words[0].equals("lwm2m")) {
            return -22;
        }
        switch (words[1]) {
        case "write":
            LwM2mPath path = new LwM2mPath(words[2]);
            int at = words.length > 4 && words[3].startsWith("-") ? 4 : 3;
            String value = Arrays.stream(words, at, words.length).collect(Collectors.joining(" "));
            if (client == null) {
                accounts.put(path, value);
                return 0;
            }
            return write(path, value);
        case "read":
            LwM2mPath of = new LwM2mPath(words[2]);
            var found = client.getObjectTree().getObjectEnabler(of.getObjectId()).read(LwM2mServer.SYSTEM, new ReadRequest(words[2]));
            var values = Front.object();
            Front.flatten(of, found.getContent(), values);
            System.out.println(values.path(words[2]).path("text").asText());
            return 0;
        case "create":
        case "delete":
            return client == null ? 0 : -38;
        case "start":
            start(words[2], Arrays.asList(words).contains("1"));
            return 0;
        case "stop":
            client.stop(true);
            return 0;
        case "update":
            client.triggerRegistrationUpdate();
            return 0;
        case "send":
            var sender = client.getSendService().getDataSender(ManualDataSender.DEFAULT_NAME, ManualDataSender.class);
            sender.collectData(Arrays.stream(words, 2, words.length).map(LwM2mPath::new).collect(Collectors.toList()));
            sender.sendCollectedData(client.getRegisteredServers().values().iterator().next(), ContentFormat.SENML_CBOR, 5000, false);
            return 0;
        default:
            return -38;
        }
    }

    private int write(LwM2mPath path, String value) {
        var values = Front.object();
        values.put(path.toString(), value);
        LwM2mPath instance = path.toObjectInstancePath();
        LwM2mObjectInstance written = (LwM2mObjectInstance) Front.node(instance, values, new StaticModel(models));
        if (path.getObjectId() == 3) {
            device.set(written.getResource(path.getResourceId()));
            return 0;
        }
        var request = new WriteRequest(WriteRequest.Mode.UPDATE, ContentFormat.SENML_CBOR, instance, written);
        var response = client.getObjectTree().getObjectEnabler(path.getObjectId()).write(LwM2mServer.SYSTEM, request);
        return response.isSuccess() ? 0 : -response.getCode().getCode();
    }

    private String account(String path, String otherwise) {
        return accounts.getOrDefault(new LwM2mPath(path), otherwise);
    }

    private LwM2mInstanceEnabler security(int instance) {
        String at = "/0/" + instance + "/";
        String uri = account(at + "0", null);
        boolean bootstrap = account(at + "1", "0").matches("1|true");
        int server = Integer.parseInt(account(at + "10", "0"));
        if (account(at + "2", "3").equals("3")) {
            return bootstrap ? Security.noSecBootstrap(uri) : Security.noSec(uri, server);
        }
        byte[] identity = account(at + "3", "").getBytes(StandardCharsets.UTF_8);
        byte[] key = account(at + "5", "").getBytes(StandardCharsets.UTF_8);
        return bootstrap ? Security.pskBootstrap(uri, identity, key) : Security.psk(uri, server, identity, key);
    }

    private void start(String endpoint, boolean bootstrap) {
        ObjectsInitializer objects = new ObjectsInitializer(new StaticModel(models));
        List<LwM2mInstanceEnabler> securities = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            if (account("/0/" + i + "/0", null) != null) {
                securities.add(security(i));
            }
        }
        objects.setInstancesForObject(0, securities.toArray(new LwM2mInstanceEnabler[0]));
        if (account("/1/0/0", null) != null) {
            objects.setInstancesForObject(1, new Account(0, 0, Long.valueOf(account("/1/0/0", "1")), 1,
                    Long.valueOf(account("/1/0/1", "86400")), 2, 0L, 3, 0L, 5, 86400L, 6, false, 7, "U", 22, "U", 23, false));
        }
        objects.setClassForObject(1, Account.class);
        objects.setInstancesForObject(3, device);
        objects.setInstancesForObject(4, new SimpleInstanceEnabler(0, 0, 6L, 1, Map.of(0, 6L), 2, -90L, 4, Map.of(0, "192.0.2.1")));
        objects.setInstancesForObject(6, new SimpleInstanceEnabler(0, 0, 63.4, 1, 10.4, 5, new Date()));
        objects.setInstancesForObject(7, new SimpleInstanceEnabler(0, 2, 0L, 3, 0L, 8, 0L));
        objects.setInstancesForObject(16, new Portfolio(0));
        objects.setClassForObject(16, Portfolio.class);
        DefaultRegistrationEngineFactory engine = new DefaultRegistrationEngineFactory();
        engine.setQueueMode(Boolean.getBoolean("queue"));
        engine.setReconnectOnUpdate(false);
        var endpoints = new CaliforniumClientEndpointsProvider.Builder(new CoapClientProtocolProvider(), new CoapsClientProtocolProvider());
        var configuration = endpoints.createDefaultConfiguration();
        configuration.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 0);
        configuration.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
        configuration.setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_PSK_WITH_AES_128_CCM_8);
        endpoints.setConfiguration(configuration);
        client = new LeshanClientBuilder(endpoint) //
                .setObjects(objects.createAll()) //
                .setDataSenders(new ManualDataSender()) //
                .setRegistrationEngineFactory(engine) //
                .setEndpointsProviders(endpoints.build()) //
                .build();
        client.start();
        if (bootstrap) {
            client.triggerClientInitiatedBootstrap(true);
        }
    }

    /** Object 3 with all that the cases look at. Reboot is an Update. */
    public static final class Device extends SimpleInstanceEnabler {
        public Device() {
            super(0, 0, "Eclipse Leshan", 1, "stand-in", 2, "1", 3, "1.0", 6, Map.of(0, 1L, 1, 5L), 7, Map.of(0, 3800L, 1, 5000L), 8,
                    Map.of(0, 125L, 1, 900L), 9, 100L, 11, Map.of(0, 0L), 13, new Date(), 14, "+01:00", 15, "Europe/Berlin", 16, "U");
        }

        @Override
        public ExecuteResponse execute(LwM2mServer server, int resource, Arguments arguments) {
            if (resource == 4) {
                getLwM2mClient().triggerRegistrationUpdate();
            }
            return ExecuteResponse.success();
        }

        /** A value that changes on the device. */
        void set(LwM2mResource value) {
            super.write(LwM2mServer.SYSTEM, false, value.getId(), value);
        }
    }

    /** Object 1 with resources that Leshan's own lacks. */
    public static final class Account extends SimpleInstanceEnabler {
        public Account() {
        }

        Account(int id, Object... values) {
            super(id, values);
        }

        @Override
        public WriteResponse write(LwM2mServer server, boolean replace, int resource, LwM2mResource value) {
            WriteResponse response = super.write(server, replace, resource, value);
            if (resource == 1 && !server.isSystem()) {
                getLwM2mClient().triggerRegistrationUpdate();
            }
            return response;
        }

        @Override
        public ExecuteResponse execute(LwM2mServer server, int resource, Arguments arguments) {
            if (resource == 8) {
                getLwM2mClient().triggerRegistrationUpdate();
            }
            return ExecuteResponse.success();
        }
    }

    public static final class Portfolio extends SimpleInstanceEnabler {
        public Portfolio() {
        }

        Portfolio(int id) {
            super(id, 0, new TreeMap<>(Map.of(0, "Host Device ID #1", 1, "Host Device Model #1", 2, "Host Device Manufacturer #1")));
        }
    }
}
