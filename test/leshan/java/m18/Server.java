import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.auth.PreSharedKeyIdentity;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.core.endpoint.EndpointUri;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.link.lwm2m.attributes.DefaultLwM2mAttributeParser;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeSet;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;
import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.CancelCompositeObservationRequest;
import org.eclipse.leshan.core.request.CancelObservationRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.DownlinkDeviceManagementRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveCompositeRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadCompositeRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.SendRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;
import org.eclipse.leshan.core.request.WriteCompositeRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.exception.ClientSleepingException;
import org.eclipse.leshan.core.response.CreateResponse;
import org.eclipse.leshan.core.response.DiscoverResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.core.response.ReadCompositeResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.endpoint.LwM2mServerEndpoint;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.queue.PresenceListener;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;
import org.eclipse.leshan.server.send.SendListener;
import org.eclipse.leshan.servers.security.InMemorySecurityStore;
import org.eclipse.leshan.servers.security.SecurityInfo;
import org.eclipse.leshan.transport.californium.identity.DefaultCoapIdentityHandler;
import org.eclipse.leshan.transport.californium.identity.DefaultCoapsIdentityHandler;
import org.eclipse.leshan.transport.californium.identity.IdentityHandler;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpoint;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coap.CoapServerProtocolProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coaps.CoapsServerEndpointFactory;
import org.eclipse.leshan.transport.californium.server.endpoint.coaps.CoapsServerProtocolProvider;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A Leshan server with a thin HTTP front, for tests. Argument: a folder of object definitions (XML); Leshan's own count more. Prints: READY HTTP-PORT
 * COAP-PORT COAPS-PORT.
 *
 * POST /security {endpoint, identity, key}, POST /forget-security, POST /forget {endpoint}, GET /clients, POST /awake {endpoint,
 * milliseconds}, POST /request {endpoint, op, ...}, POST /coap {endpoint, method, ...}, GET /events.
 */
final class Server {
    private static final int AWAKE_MILLISECONDS = 93_000;

    private final Front front = new Front();
    private final InMemorySecurityStore security = new InMemorySecurityStore();
    private final Map<String, Integer> awake = new ConcurrentHashMap<>();
    private final LeshanServer server;

    public static void main(String[] args) throws Exception {
        new Server(new File(args[0])).run();
    }

    private Server(File models) throws Exception {
        List<ObjectModel> all = new ArrayList<>(ObjectLoader.loadAllDefault());
        Set<Integer> known = all.stream().map(o -> o.id).collect(Collectors.toSet());
        ObjectLoader.loadObjectsFromDir(models, true).stream().filter(o -> !known.contains(o.id)).forEach(all::add);
        var endpoints = new CaliforniumServerEndpointsProvider.Builder(new CoapServerProtocolProvider(), new CoapsServerProtocolProvider());
        endpoints.setConfiguration(c -> {
            c.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 6);
            c.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
            c.setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_PSK_WITH_AES_128_CCM_8, CipherSuite.TLS_PSK_WITH_AES_128_CBC_SHA256);
            c.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 64 << 20);
            c.set(CoapConfig.PREFERRED_BLOCK_SIZE, 1024);
        });
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        endpoints.addEndpoint(loopback, Protocol.COAP);
        var uris = new org.eclipse.leshan.core.endpoint.DefaultEndPointUriHandler();
        EndpointUri coaps = uris.createUri(Protocol.COAPS.getUriScheme(), loopback);
        endpoints.addEndpoint(new CoapsServerEndpointFactory(coaps, null, null, dtls -> dtls.setSessionListener(front.handshakes()), null, uris));
        server = new LeshanServerBuilder() //
                .setSecurityStore(security) //
                .setObjectModelProvider(new VersionedModelProvider(all)) //
                .setClientAwakeTimeProvider(r -> awake.getOrDefault(r.getEndpoint(), AWAKE_MILLISECONDS)) //
                .setUpdateRegistrationOnSend(false) //
                .setEndpointsProviders(endpoints.build()) //
                .build();
    }

    private void run() {
        listen();
        for (LwM2mServerEndpoint endpoint : server.getEndpoints()) {
            front.trace(((CaliforniumServerEndpoint) endpoint).getCoapEndpoint(), this::client);
        }
        front.route("POST", "/security", this::addSecurity);
        front.route("POST", "/forget-security", (parameters, body) -> {
            security.remove(body.path("endpoint").asText(), true);
            return Front.object();
        });
        front.route("POST", "/forget", (parameters, body) -> {
            server.getRegistrationStore().removeRegistration(registration(body).getId());
            return Front.object();
        });
        front.route("POST", "/awake", (parameters, body) -> {
            awake.put(body.path("endpoint").asText(), body.path("milliseconds").asInt());
            return Front.object();
        });
        front.route("GET", "/clients", (parameters, body) -> {
            ArrayNode clients = Front.JSON.createArrayNode();
            server.getRegistrationService().getAllRegistrations().forEachRemaining(r -> clients.add(describe(r)));
            return clients;
        });
        front.route("POST", "/request", this::request);
        front.route("POST", "/coap", this::coap);
        server.start();
        front.start(port(Protocol.COAP), port(Protocol.COAPS));
    }

    private String port(Protocol protocol) {
        return Integer.toString(server.getEndpoint(protocol).getURI().getPort());
    }

    /** Names the client of a message: by its PSK identity, by its registration's location, or by its address. */
    private String client(Message message) {
        var context = message.getSourceContext() == null ? message.getDestinationContext() : message.getSourceContext();
        if (context == null) {
            return null;
        }
        if (context.getPeerIdentity() instanceof PreSharedKeyIdentity) {
            SecurityInfo info = security.getByIdentity(((PreSharedKeyIdentity) context.getPeerIdentity()).getIdentity());
            if (info != null) {
                return info.getEndpoint();
            }
        }
        String[] path = message.getOptions().getUriPathString().split("/");
        Registration registration = null;
        if (path.length == 2 && path[0].equals("rd")) {
            registration = server.getRegistrationStore().getRegistration(path[1]);
        }
        if (registration == null) {
            registration = server.getRegistrationStore().getRegistrationByAdress(context.getPeerAddress());
        }
        return registration == null ? null : registration.getEndpoint();
    }

    private JsonNode addSecurity(Map<String, String> parameters, JsonNode body) throws Exception {
        security.add(SecurityInfo.newPreSharedKeyInfo(body.path("endpoint").asText(), body.path("identity").asText(),
                Front.bytes(body.path("key").asText())));
        return Front.object();
    }

    private Registration registration(JsonNode body) {
        String endpoint = body.path("endpoint").asText();
        Registration registration = server.getRegistrationService().getByEndpoint(endpoint);
        if (registration == null) {
            throw new IllegalStateException(endpoint + " is not registered");
        }
        return registration;
    }

    // Events.

    private void listen() {
        server.getRegistrationService().addListener(new RegistrationListener() {
            @Override
            public void registered(Registration registration, Registration previous, Collection<Observation> observations) {
                ObjectNode body = Front.object();
                body.set("registration", describe(registration));
                body.put("again", previous != null);
                front.event("registered", registration.getEndpoint(), body);
            }

            @Override
            public void updated(RegistrationUpdate update, Registration registration, Registration previous) {
                ObjectNode body = Front.object();
                body.set("registration", describe(registration));
                ObjectNode changed = body.putObject("changed");
                if (update.getLifeTimeInSec() != null) {
                    changed.put("lifetime", update.getLifeTimeInSec());
                }
                if (update.getBindingMode() != null) {
                    changed.put("binding", update.getBindingMode().toString());
                }
                if (update.getObjectLinks() != null) {
                    changed.set("links", links(update.getObjectLinks()));
                }
                front.event("updated", registration.getEndpoint(), body);
            }

            @Override
            public void unregistered(Registration registration, Collection<Observation> observations, boolean expired, Registration next) {
                if (next == null) {
                    ObjectNode body = Front.object().put("expired", expired);
                    front.event("deregistered", registration.getEndpoint(), body);
                }
            }
        });
        server.getObservationService().addListener(new ObservationListener() {
            @Override
            public void newObservation(Observation observation, Registration registration) {
                front.event("observation", registration.getEndpoint(), observation(observation));
            }

            @Override
            public void cancelled(Observation observation) {
                front.event("cancelled", null, observation(observation));
            }

            @Override
            public void onResponse(SingleObservation observation, Registration registration, ObserveResponse response) {
                ObjectNode body = observation(observation);
                body.set("response", answer(observation.getPath(), response));
                front.event("notification", registration.getEndpoint(), body);
            }

            @Override
            public void onResponse(CompositeObservation observation, Registration registration, ObserveCompositeResponse response) {
                ObjectNode body = observation(observation);
                body.set("response", answer(null, response));
                front.event("notification", registration.getEndpoint(), body);
            }

            @Override
            public void onError(Observation observation, Registration registration, Exception error) {
                ObjectNode body = observation(observation).put("error", String.valueOf(error));
                front.event("notification-error", registration == null ? null : registration.getEndpoint(), body);
            }
        });
        server.getSendService().addListener(new SendListener() {
            @Override
            public void dataReceived(Registration registration, TimestampedLwM2mNodes data, SendRequest request) {
                ObjectNode body = Front.object().put("format", request.getFormat().getCode());
                ArrayNode parts = body.putArray("parts");
                for (var time : data.getTimestamps()) {
                    ObjectNode part = parts.addObject();
                    if (time != null) {
                        part.put("time", time.toEpochMilli());
                    }
                    ObjectNode values = part.putObject("values");
                    data.getNodesAt(time).forEach((path, node) -> Front.flatten(path, node, values));
                }
                front.event("send", registration.getEndpoint(), body);
            }

            @Override
            public void onError(Registration registration, String message, Exception error) {
                ObjectNode body = Front.object().put("error", message + ": " + error);
                front.event("send-error", registration == null ? null : registration.getEndpoint(), body);
            }
        });
        server.getPresenceService().addListener(new PresenceListener() {
            @Override
            public void onAwake(Registration registration) {
                front.event("awake", registration.getEndpoint(), Front.object());
            }

            @Override
            public void onSleeping(Registration registration) {
                front.event("sleeping", registration.getEndpoint(), Front.object());
            }
        });
    }

    private static ObjectNode describe(Registration registration) {
        ObjectNode body = Front.object();
        body.put("id", registration.getId()).put("endpoint", registration.getEndpoint());
        body.put("address", registration.getSocketAddress().getAddress().getHostAddress() + ":" + registration.getPort());
        body.put("lifetime", registration.getLifeTimeInSec()).put("version", registration.getLwM2mVersion().toString());
        body.put("binding", registration.getBindingMode() == null ? "" : registration.getBindingMode().toString());
        body.put("queue", registration.usesQueueMode());
        body.put("root", registration.getRootPath());
        body.set("links", links(registration.getSortedObjectLinks()));
        ObjectNode objects = body.putObject("objects");
        registration.getSupportedObject().forEach((id, version) -> objects.put(id.toString(), version.toString()));
        return body;
    }

    private static ArrayNode links(Link[] links) {
        ArrayNode list = Front.JSON.createArrayNode();
        for (Link link : links) {
            list.add(link.toCoreLinkFormat());
        }
        return list;
    }

    private static ObjectNode observation(Observation observation) {
        ObjectNode body = Front.object().put("observation", observation.getId().getAsHexString());
        ArrayNode paths = body.putArray("paths");
        if (observation instanceof SingleObservation) {
            paths.add(((SingleObservation) observation).getPath().toString());
        } else {
            ((CompositeObservation) observation).getPaths().forEach(p -> paths.add(p.toString()));
        }
        return body;
    }

    // Requests.

    private JsonNode request(Map<String, String> parameters, JsonNode body) throws Exception {
        Registration registration = registration(body);
        LwM2mPath path = body.hasNonNull("path") ? new LwM2mPath(body.path("path").asText()) : null;
        DownlinkDeviceManagementRequest<? extends LwM2mResponse> request;
        try {
            request = build(registration, path, body);
        } catch (RuntimeException e) {
            return Front.object().put("failure", "refused by the server: " + e);
        }
        if (request == null) {
            return passiveCancel(registration, body);
        }
        if (request instanceof CancelObservationRequest) {
            path = ((CancelObservationRequest) request).getPath();
        }
        long timeout = body.path("timeout").asLong(10_000);
        try {
            LwM2mResponse response = server.send(registration, request, timeout);
            return response == null ? Front.object().put("failure", "timeout") : answer(path, response);
        } catch (ClientSleepingException e) {
            return Front.object().put("failure", "sleeping");
        } catch (RuntimeException e) {
            e.printStackTrace();
            return Front.object().put("failure", e.toString());
        }
    }

    private DownlinkDeviceManagementRequest<? extends LwM2mResponse> build(Registration registration, LwM2mPath path, JsonNode body)
            throws Exception {
        LwM2mModel model = server.getModelProvider().getObjectModel(registration);
        ContentFormat format = body.hasNonNull("format") ? ContentFormat.fromCode(body.path("format").asInt()) : null;
        ContentFormat accept = body.hasNonNull("accept") ? ContentFormat.fromCode(body.path("accept").asInt()) : null;
        List<String> paths = new ArrayList<>();
        body.path("paths").forEach(p -> paths.add(p.asText()));
        JsonNode values = body.path("values");
        String op = body.path("op").asText();
        switch (op) {
        case "read":
            return new ReadRequest(accept, path, null);
        case "discover":
            return new DiscoverRequest(path.toString());
        case "replace":
            return new WriteRequest(WriteRequest.Mode.REPLACE, format, path, Front.node(path, values, model));
        case "update":
            return new WriteRequest(WriteRequest.Mode.UPDATE, format, path, Front.node(path, values, model));
        case "write-attributes":
            List<String> attributes = new ArrayList<>();
            body.path("attributes").forEach(a -> attributes.add(a.asText()));
            return new WriteAttributesRequest(path, new LwM2mAttributeSet(new DefaultLwM2mAttributeParser().parseQueryParams(attributes)));
        case "execute":
            return body.hasNonNull("arguments") ? new ExecuteRequest(path.toString(), body.path("arguments").asText())
                    : new ExecuteRequest(path.toString());
        case "create":
            return create(path, format, body, model);
        case "delete":
            return new DeleteRequest(path);
        case "observe":
            return new ObserveRequest(accept, path, null);
        case "observe-composite":
            return new ObserveCompositeRequest(format, accept, LwM2mPath.getLwM2mPathList(paths));
        case "cancel":
            Observation observation = find(registration, body);
            return observation instanceof SingleObservation ? new CancelObservationRequest((SingleObservation) observation)
                    : new CancelCompositeObservationRequest((CompositeObservation) observation);
        case "cancel-passively":
            return null;
        case "read-composite":
            return new ReadCompositeRequest(LwM2mPath.getLwM2mPathList(paths), format, accept, null);
        case "write-composite":
            Map<LwM2mPath, LwM2mNode> nodes = new TreeMap<>();
            values.fieldNames().forEachRemaining(name -> {
                LwM2mPath at = new LwM2mPath(name);
                nodes.put(at, Front.node(at, values, model));
            });
            return new WriteCompositeRequest(format, nodes, null);
        default:
            throw new IllegalArgumentException("unknown op " + op);
        }
    }

    /** Creates the instances that the paths name; with "client-chooses", one with the id that the client chooses. */
    private static CreateRequest create(LwM2mPath object, ContentFormat format, JsonNode body, LwM2mModel model) {
        Map<LwM2mPath, String> all = new TreeMap<>();
        body.path("values").fields().forEachRemaining(field -> all.put(new LwM2mPath(field.getKey()), field.getValue().asText()));
        if (body.path("client-chooses").asBoolean()) {
            List<LwM2mResource> resources = Front.resources(object, all, model);
            return new CreateRequest(format, object.toString(), resources.toArray(new LwM2mResource[0]));
        }
        return new CreateRequest(format, object.toString(),
                Front.instances(object, all, model).toArray(new org.eclipse.leshan.core.node.LwM2mObjectInstance[0]));
    }

    private Observation find(Registration registration, JsonNode body) {
        String id = body.path("observation").asText();
        for (Observation observation : server.getObservationService().getObservations(registration)) {
            if (observation.getId().getAsHexString().equals(id)) {
                return observation;
            }
        }
        throw new IllegalArgumentException("no observation " + id);
    }

    /** Forgets an observation without a word: the next notification is answered with Reset. */
    private JsonNode passiveCancel(Registration registration, JsonNode body) {
        server.getObservationService().cancelObservation(find(registration, body));
        return Front.object();
    }

    private static ObjectNode answer(LwM2mPath path, LwM2mResponse response) {
        ObjectNode body = response.getCoapResponse() instanceof Response ? Front.coap((Response) response.getCoapResponse()) : Front.object();
        body.put("code", response.getCode().getCode());
        body.put("error", response.getErrorMessage() == null ? "" : response.getErrorMessage());
        ObjectNode values = body.putObject("values");
        if (response instanceof ReadResponse && ((ReadResponse) response).getContent() != null) {
            Front.flatten(path, ((ReadResponse) response).getContent(), values);
        }
        if (response instanceof ReadCompositeResponse && ((ReadCompositeResponse) response).getContent() != null) {
            ((ReadCompositeResponse) response).getContent().forEach((at, node) -> {
                if (node != null) {
                    Front.flatten(at, node, values);
                }
            });
        }
        if (response instanceof DiscoverResponse && ((DiscoverResponse) response).getObjectLinks() != null) {
            body.set("links", links(((DiscoverResponse) response).getObjectLinks()));
        }
        if (response instanceof CreateResponse && ((CreateResponse) response).getLocation() != null) {
            body.put("location", ((CreateResponse) response).getLocation());
        }
        if (response instanceof ObserveResponse && ((ObserveResponse) response).getObservation() != null) {
            body.put("observation", ((ObserveResponse) response).getObservation().getId().getAsHexString());
        }
        if (response instanceof ObserveCompositeResponse && ((ObserveCompositeResponse) response).getObservation() != null) {
            body.put("observation", ((ObserveCompositeResponse) response).getObservation().getId().getAsHexString());
        }
        return body;
    }

    /** Sends a CoAP request as it is given, to say what Leshan would refuse to say. */
    private JsonNode coap(Map<String, String> parameters, JsonNode body) throws Exception {
        Registration registration = registration(body);
        boolean secure = registration.getEndpointUri().getScheme().equals(Protocol.COAPS.getUriScheme());
        IdentityHandler identities = secure ? new DefaultCoapsIdentityHandler() : new DefaultCoapIdentityHandler();
        Request request = new Request(CoAP.Code.valueOf(body.path("method").asText()));
        request.setDestinationContext(identities.createEndpointContext(registration.getClientTransportData(), false));
        for (String segment : body.path("path").asText().split("/")) {
            if (!segment.isEmpty()) {
                request.getOptions().addUriPath(segment);
            }
        }
        body.path("query").forEach(q -> request.getOptions().addUriQuery(q.asText()));
        if (body.hasNonNull("accept")) {
            request.getOptions().setAccept(body.path("accept").asInt());
        }
        if (body.hasNonNull("format")) {
            request.getOptions().setContentFormat(body.path("format").asInt());
        }
        if (body.hasNonNull("payload")) {
            request.setPayload(Front.bytes(body.path("payload").asText()));
        }
        if (body.path("non").asBoolean()) {
            request.setConfirmable(false);
        }
        var endpoint = (CaliforniumServerEndpoint) server.getEndpoint(secure ? Protocol.COAPS : Protocol.COAP);
        endpoint.getCoapEndpoint().sendRequest(request);
        Response response = request.waitForResponse(body.path("timeout").asLong(10_000));
        return response == null ? Front.object().put("failure", request.isRejected() ? "reset" : "timeout") : Front.coap(response);
    }
}
