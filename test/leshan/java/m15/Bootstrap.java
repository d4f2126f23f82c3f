import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.core.endpoint.EndpointUriUtil;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.StaticModel;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.peer.LwM2mPeer;
import org.eclipse.leshan.core.request.BootstrapDeleteRequest;
import org.eclipse.leshan.core.request.BootstrapDiscoverRequest;
import org.eclipse.leshan.core.request.BootstrapDownlinkRequest;
import org.eclipse.leshan.core.request.BootstrapReadRequest;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.BootstrapWriteRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.response.BootstrapDiscoverResponse;
import org.eclipse.leshan.core.response.BootstrapReadResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.server.bootstrap.BootstrapFailureCause;
import org.eclipse.leshan.server.bootstrap.BootstrapSession;
import org.eclipse.leshan.server.bootstrap.BootstrapSessionListener;
import org.eclipse.leshan.server.bootstrap.BootstrapTaskProvider;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServer;
import org.eclipse.leshan.server.bootstrap.LeshanBootstrapServerBuilder;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.CaliforniumBootstrapServerEndpoint;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.CaliforniumBootstrapServerEndpointsProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coap.CoapBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coaps.CoapsBootstrapServerEndpointFactory;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coaps.CoapsBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.model.LwM2mBootstrapModelProvider;
import org.eclipse.leshan.server.security.BootstrapSecurityStore;
import org.eclipse.leshan.core.peer.OscoreIdentity;
import org.eclipse.leshan.server.security.SecurityInfo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A Leshan bootstrap server with a thin HTTP front, for tests. Prints: READY HTTP-PORT COAP-PORT COAPS-PORT.
 *
 * POST /security {endpoint, identity, key}; POST /config {endpoint, requests: [{op, path, ...}]}: what is sent to this client, in this
 * order, before Finish; GET /events.
 */
final class Bootstrap implements BootstrapSecurityStore, BootstrapTaskProvider, BootstrapSessionListener {
    private final Front front = new Front();
    private final Map<String, SecurityInfo> security = new ConcurrentHashMap<>(); // by endpoint
    private final Map<String, JsonNode> configurations = new ConcurrentHashMap<>(); // by endpoint
    private final LwM2mModel model = new StaticModel(ObjectLoader.loadDefault());
    private final LeshanBootstrapServer server;

    public static void main(String[] args) throws Exception {
        new Bootstrap().run();
    }

    private Bootstrap() throws Exception {
        var endpoints = new CaliforniumBootstrapServerEndpointsProvider.Builder(new CoapBootstrapServerProtocolProvider(),
                new CoapsBootstrapServerProtocolProvider());
        endpoints.setConfiguration(c -> {
            c.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 6);
            c.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
            c.setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_PSK_WITH_AES_128_CCM_8, CipherSuite.TLS_PSK_WITH_AES_128_CBC_SHA256);
        });
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        endpoints.addEndpoint(loopback, Protocol.COAP);
        URI coaps = EndpointUriUtil.createUri(Protocol.COAPS.getUriScheme(), loopback);
        endpoints.addEndpoint(
                new CoapsBootstrapServerEndpointFactory(coaps, null, null, dtls -> dtls.setSessionListener(front.handshakes()), null));
        LwM2mBootstrapModelProvider models = (session, supported) -> model;
        server = new LeshanBootstrapServerBuilder() //
                .setSecurityStore(this) //
                .setTaskProvider(this) //
                .setObjectModelProvider(models) //
                .setEndpointsProviders(endpoints.build()) //
                .build();
    }

    private void run() {
        server.addListener(this);
        for (var endpoint : server.getEndpoints()) {
            front.trace(((CaliforniumBootstrapServerEndpoint) endpoint).getCoapEndpoint(), message -> null);
        }
        front.route("POST", "/security", (parameters, body) -> {
            String endpoint = body.path("endpoint").asText();
            security.put(endpoint,
                    SecurityInfo.newPreSharedKeyInfo(endpoint, body.path("identity").asText(), Front.bytes(body.path("key").asText())));
            return Front.object();
        });
        front.route("POST", "/config", (parameters, body) -> {
            requests(body); // to refuse at once what cannot be sent
            configurations.put(body.path("endpoint").asText(), body);
            return Front.object();
        });
        server.start();
        front.start(port(Protocol.COAP), port(Protocol.COAPS));
    }

    private String port(Protocol protocol) {
        return Integer.toString(server.getEndpoint(protocol).getURI().getPort());
    }

    // What is sent.

    @Override
    public Tasks getTasks(BootstrapSession session, List<LwM2mResponse> previous) {
        JsonNode configuration = configurations.get(session.getEndpoint());
        if (configuration == null) {
            return null;
        }
        Tasks tasks = new Tasks();
        tasks.requestsToSend = requests(configuration);
        tasks.supportedObjects = Map.of();
        return tasks;
    }

    private List<BootstrapDownlinkRequest<? extends LwM2mResponse>> requests(JsonNode configuration) {
        List<BootstrapDownlinkRequest<? extends LwM2mResponse>> requests = new ArrayList<>();
        for (JsonNode request : configuration.path("requests")) {
            LwM2mPath path = new LwM2mPath(request.path("path").asText());
            ContentFormat format = ContentFormat.fromCode(request.path("format").asInt(ContentFormat.SENML_CBOR_CODE));
            String op = request.path("op").asText();
            switch (op) {
            case "delete":
                requests.add(new BootstrapDeleteRequest(path.toString()));
                break;
            case "discover":
                requests.add(new BootstrapDiscoverRequest(path.toString()));
                break;
            case "read":
                requests.add(new BootstrapReadRequest(format, path, null));
                break;
            case "write":
                requests.add(new BootstrapWriteRequest(path, Front.node(path, request.path("values"), model), format));
                break;
            default:
                throw new IllegalArgumentException("unknown op " + op);
            }
        }
        return requests;
    }

    // Who may come.

    @Override
    public Iterator<SecurityInfo> getAllByEndpoint(String endpoint) {
        SecurityInfo info = security.get(endpoint);
        return info == null ? null : List.of(info).iterator();
    }

    @Override
    public SecurityInfo getByIdentity(String identity) {
        return security.values().stream().filter(i -> identity.equals(i.getPskIdentity())).findFirst().orElse(null);
    }

    @Override
    public SecurityInfo getByOscoreIdentity(OscoreIdentity identity) {
        return null;
    }

    // What happens.

    @Override
    public void sessionInitiated(BootstrapRequest request, LwM2mPeer client) {
        ObjectNode body = Front.object().put("peer", client.toString());
        if (request.getPreferredContentFormat() != null) {
            body.put("format", request.getPreferredContentFormat().getCode());
        }
        front.event("bs-request", request.getEndpointName(), body);
    }

    @Override
    public void unAuthorized(BootstrapRequest request, LwM2mPeer client) {
        front.event("bs-unauthorized", request.getEndpointName(), Front.object());
    }

    @Override
    public void authorized(BootstrapSession session) {
        front.event("bs-authorized", session.getEndpoint(), Front.object());
    }

    @Override
    public void noConfig(BootstrapSession session) {
        front.event("bs-no-config", session.getEndpoint(), Front.object());
    }

    @Override
    public void sendRequest(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request) {
        // the answer names it
    }

    @Override
    public void onResponseSuccess(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request, LwM2mResponse response) {
        answered(session, request, response);
    }

    @Override
    public void onResponseError(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request, LwM2mResponse response) {
        answered(session, request, response);
    }

    private void answered(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request, LwM2mResponse response) {
        ObjectNode answer = response.getCoapResponse() instanceof Response ? Front.coap((Response) response.getCoapResponse()) : Front.object();
        answer.put("code", response.getCode().getCode());
        answer.put("error", response.getErrorMessage() == null ? "" : response.getErrorMessage());
        if (response instanceof BootstrapReadResponse && ((BootstrapReadResponse) response).getContent() != null) {
            Front.flatten(((BootstrapReadRequest) request).getPath(), ((BootstrapReadResponse) response).getContent(), answer.putObject("values"));
        }
        if (response instanceof BootstrapDiscoverResponse && ((BootstrapDiscoverResponse) response).getObjectLinks() != null) {
            ArrayNode links = answer.putArray("links");
            for (Link link : ((BootstrapDiscoverResponse) response).getObjectLinks()) {
                links.add(link.toCoreLinkFormat());
            }
        }
        ObjectNode body = Front.object();
        body.put("op", request.getClass().getSimpleName().replace("Bootstrap", "").replace("Request", "").toLowerCase());
        body.put("path", String.valueOf(request.getPath()));
        body.set("response", answer);
        front.event("bs-answer", session.getEndpoint(), body);
    }

    @Override
    public void onRequestFailure(BootstrapSession session, BootstrapDownlinkRequest<? extends LwM2mResponse> request, Throwable cause) {
        ObjectNode body = Front.object().put("path", String.valueOf(request.getPath())).put("error", String.valueOf(cause));
        front.event("bs-no-answer", session.getEndpoint(), body);
    }

    @Override
    public void end(BootstrapSession session) {
        front.event("bs-finished", session.getEndpoint(), Front.object());
    }

    @Override
    public void failed(BootstrapSession session, BootstrapFailureCause cause) {
        front.event("bs-failed", session.getEndpoint(), Front.object().put("error", cause.name()));
    }
}
