import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.function.Function;

import org.eclipse.californium.core.coap.EmptyMessage;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;
import org.eclipse.californium.scandium.dtls.DTLSContext;
import org.eclipse.californium.scandium.dtls.Handshaker;
import org.eclipse.californium.scandium.dtls.SessionAdapter;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.node.LwM2mMultipleResource;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObject;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.LwM2mRoot;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.util.datatype.ULong;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * What the test programs share: HTTP with JSON bodies, a log of numbered events that can be followed, the trace of all CoAP messages, and
 * LwM2M nodes as flat maps of path to text.
 *
 * It is compiled once against each Leshan that is used, and keeps to what they have in common.
 */
final class Front {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final HexFormat HEX = HexFormat.of();
    private static final int LONGEST_PAYLOAD = 2048; // that is shown; an image has megabytes

    /** Answers one HTTP request. The parameters are those of the query; the body is a missing node if there was none. */
    interface Handler {
        JsonNode handle(Map<String, String> parameters, JsonNode body) throws Exception;
    }

    private final HttpServer server;
    private final List<String> events = new ArrayList<>();
    private final Map<InetSocketAddress, String> peers = new ConcurrentHashMap<>();

    Front() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/events", this::follow);
    }

    /** Starts to serve and prints the line that says so: READY, the port, then the given words. The program ends when its input ends. */
    void start(String... words) {
        server.start();
        System.out.println("READY " + server.getAddress().getPort() + " " + String.join(" ", words));
        System.out.flush();
        Thread end = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    continue;
                }
            } catch (IOException e) {
                // as its end
            }
            Runtime.getRuntime().halt(0);
        });
        end.setDaemon(true);
        end.start();
    }

    void route(String method, String path, Handler handler) {
        server.createContext(path, exchange -> {
            int status = 200;
            JsonNode answer;
            try {
                if (!exchange.getRequestMethod().equals(method)) {
                    throw new IllegalArgumentException(path + " wants " + method);
                }
                byte[] body = exchange.getRequestBody().readAllBytes();
                answer = handler.handle(parameters(exchange), body.length == 0 ? JSON.missingNode() : JSON.readTree(body));
            } catch (Exception e) {
                e.printStackTrace();
                status = 400;
                answer = object().put("error", e.toString());
            }
            byte[] text = JSON.writeValueAsBytes(answer);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, text.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(text);
            }
        });
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    private static Map<String, String> parameters(HttpExchange exchange) {
        Map<String, String> parameters = new HashMap<>();
        String query = exchange.getRequestURI().getQuery();
        if (query != null) {
            for (String part : query.split("&")) {
                String[] pair = part.split("=", 2);
                parameters.put(pair[0], pair.length > 1 ? pair[1] : "");
            }
        }
        return parameters;
    }

    // Events.

    /** Adds an event. Its number is its place in the log, from 1. */
    void event(String kind, String endpoint, ObjectNode body) {
        synchronized (events) {
            body.put("n", events.size() + 1).put("kind", kind).put("endpoint", endpoint == null ? "" : endpoint);
            body.put("at", System.nanoTime() / 1000);
            events.add(body.toString());
            events.notifyAll();
        }
    }

    /** Writes all events, one a line, those to come as they come. */
    private void follow(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/x-ndjson");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write('\n'); // the head is sent with the first byte
            out.flush();
            int next = 0;
            while (true) {
                List<String> fresh;
                synchronized (events) {
                    while (next == events.size()) {
                        events.wait();
                    }
                    fresh = new ArrayList<>(events.subList(next, events.size()));
                    next = events.size();
                }
                out.write((String.join("\n", fresh) + "\n").getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // CoAP.

    /** Logs each CoAP message of an endpoint. The function names the client of a message, or gives null. */
    void trace(CoapEndpoint endpoint, Function<Message, String> client) {
        endpoint.addInterceptor(new MessageInterceptor() {
            @Override
            public void sendRequest(Request request) {
                message("out", request, client);
            }

            @Override
            public void sendResponse(Response response) {
                message("out", response, client);
            }

            @Override
            public void sendEmptyMessage(EmptyMessage empty) {
                message("out", empty, client);
            }

            @Override
            public void receiveRequest(Request request) {
                message("in", request, client);
            }

            @Override
            public void receiveResponse(Response response) {
                message("in", response, client);
            }

            @Override
            public void receiveEmptyMessage(EmptyMessage empty) {
                message("in", empty, client);
            }
        });
    }

    private void message(String direction, Message message, Function<Message, String> client) {
        var context = direction.equals("in") ? message.getSourceContext() : message.getDestinationContext();
        InetSocketAddress peer = context == null ? null : context.getPeerAddress();
        String endpoint = null;
        if (direction.equals("in") && message instanceof Request) {
            for (String part : message.getOptions().getUriQueryString().split("&")) {
                if (part.startsWith("ep=")) {
                    endpoint = part.substring(3);
                }
            }
        }
        if (endpoint == null) {
            endpoint = client.apply(message);
        }
        if (endpoint == null && peer != null) {
            endpoint = peers.get(peer);
        }
        if (endpoint != null && peer != null) {
            peers.put(peer, endpoint);
        }
        ObjectNode body = coap(message).put("direction", direction);
        body.put("peer", peer == null ? "" : peer.getAddress().getHostAddress() + ":" + peer.getPort());
        event("coap", endpoint, body);
    }

    static ObjectNode coap(Message message) {
        var options = message.getOptions();
        ObjectNode body = object();
        body.put("type", message.getType() == null ? "" : message.getType().toString());
        int code = message.getRawCode();
        body.put("code", (code >> 5) * 100 + (code & 31));
        body.put("mid", message.getMID());
        body.put("token", message.getToken() == null ? "" : hex(message.getToken().getBytes()));
        body.put("path", "/" + options.getUriPathString());
        body.put("query", options.getUriQueryString());
        body.put("location", "/" + options.getLocationPathString());
        if (options.hasContentFormat()) {
            body.put("format", options.getContentFormat());
        }
        if (options.hasAccept()) {
            body.put("accept", options.getAccept());
        }
        if (options.hasObserve()) {
            body.put("observe", options.getObserve());
        }
        if (options.hasBlock1()) {
            body.put("block1", options.getBlock1().toString());
        }
        if (options.hasBlock2()) {
            body.put("block2", options.getBlock2().toString());
        }
        byte[] payload = message.getPayload();
        body.put("payload", hex(payload == null ? null : Arrays.copyOf(payload, Math.min(payload.length, LONGEST_PAYLOAD))));
        body.put("size", message.getPayloadSize());
        return body;
    }

    // DTLS.

    /** Logs how handshakes end. */
    SessionAdapter handshakes() {
        return new SessionAdapter() {
            @Override
            public void contextEstablished(Handshaker handshaker, DTLSContext context) {
                ObjectNode body = object().put("peer", handshaker.getPeerAddress().toString());
                body.put("suite", context.getSession().getCipherSuite().name());
                body.put("cid", context.getReadConnectionId() == null ? "" : context.getReadConnectionId().getAsString());
                body.put("resumed", !handshaker.isFullHandshake());
                body.put("identity", context.getSession().getPeerIdentity() == null ? "" : context.getSession().getPeerIdentity().getName());
                event("handshake", null, body);
            }

            @Override
            public void handshakeFailed(Handshaker handshaker, Throwable error) {
                ObjectNode body = object().put("peer", handshaker.getPeerAddress().toString()).put("error", String.valueOf(error));
                event("handshake-failed", null, body);
            }
        };
    }

    // Nodes.

    static String hex(byte[] bytes) {
        return bytes == null ? "" : HEX.formatHex(bytes);
    }

    static byte[] bytes(String hex) {
        return HEX.parseHex(hex);
    }

    /** Adds the values at and below a node: path to {type, text}. Opaque is hex, time is in seconds. */
    static void flatten(LwM2mPath path, LwM2mNode node, ObjectNode into) {
        if (node instanceof LwM2mRoot) {
            ((LwM2mRoot) node).getObjects().values().forEach(o -> flatten(new LwM2mPath(o.getId()), o, into));
        } else if (node instanceof LwM2mObject) {
            ((LwM2mObject) node).getInstances().values().forEach(i -> flatten(path.append(i.getId()), i, into));
        } else if (node instanceof LwM2mObjectInstance) {
            ((LwM2mObjectInstance) node).getResources().values().forEach(r -> flatten(path.append(r.getId()), r, into));
        } else if (node instanceof LwM2mSingleResource) {
            LwM2mSingleResource resource = (LwM2mSingleResource) node;
            into.set(path.toString(), value(resource.getType(), resource.getValue()));
        } else if (node instanceof LwM2mMultipleResource) {
            ((LwM2mMultipleResource) node).getInstances().values().forEach(i -> flatten(path.append(i.getId()), i, into));
        } else if (node instanceof LwM2mResourceInstance) {
            LwM2mResourceInstance instance = (LwM2mResourceInstance) node;
            into.set(path.toString(), value(instance.getType(), instance.getValue()));
        }
    }

    private static ObjectNode value(ResourceModel.Type type, Object value) {
        String text;
        if (value instanceof byte[]) {
            text = hex((byte[]) value);
        } else if (value instanceof Date) {
            text = Long.toString(((Date) value).getTime() / 1000);
        } else if (value instanceof ObjectLink) {
            text = ((ObjectLink) value).getObjectId() + ":" + ((ObjectLink) value).getObjectInstanceId();
        } else {
            text = String.valueOf(value);
        }
        return object().put("type", type.name()).put("text", text);
    }

    /** Builds the node at a path of the values at and below it; the types come from the model. */
    static LwM2mNode node(LwM2mPath path, JsonNode values, LwM2mModel model) {
        Map<LwM2mPath, String> all = new TreeMap<>();
        values.fields().forEachRemaining(field -> all.put(new LwM2mPath(field.getKey()), field.getValue().asText()));
        if (path.isObject()) {
            return new LwM2mObject(path.getObjectId(), instances(path, all, model));
        }
        if (path.isObjectInstance()) {
            return new LwM2mObjectInstance(path.getObjectInstanceId(), resources(path, all, model));
        }
        if (path.isResource()) {
            return resource(path, all, model);
        }
        ResourceModel.Type type = type(path, model);
        return LwM2mResourceInstance.newInstance(path.getResourceInstanceId(), parse(type, all.get(path)), type);
    }

    static List<LwM2mObjectInstance> instances(LwM2mPath object, Map<LwM2mPath, String> all, LwM2mModel model) {
        List<LwM2mObjectInstance> instances = new ArrayList<>();
        all.keySet().stream().map(LwM2mPath::toObjectInstancePath).distinct().sorted()
                .forEach(i -> instances.add(new LwM2mObjectInstance(i.getObjectInstanceId(), resources(i, all, model))));
        return instances;
    }

    static List<LwM2mResource> resources(LwM2mPath instance, Map<LwM2mPath, String> all, LwM2mModel model) {
        List<LwM2mResource> resources = new ArrayList<>();
        all.keySet().stream().filter(p -> p.startWith(instance)).map(LwM2mPath::toResourcePath).distinct().sorted()
                .forEach(r -> resources.add(resource(r, all, model)));
        return resources;
    }

    private static LwM2mResource resource(LwM2mPath path, Map<LwM2mPath, String> all, LwM2mModel model) {
        ResourceModel.Type type = type(path, model);
        if (all.containsKey(path)) {
            return LwM2mSingleResource.newResource(path.getResourceId(), parse(type, all.get(path)), type);
        }
        Map<Integer, Object> values = new TreeMap<>();
        all.forEach((p, text) -> {
            if (p.isResourceInstance() && p.toResourcePath().equals(path)) {
                values.put(p.getResourceInstanceId(), parse(type, text));
            }
        });
        return LwM2mMultipleResource.newResource(path.getResourceId(), values, type);
    }

    private static ResourceModel.Type type(LwM2mPath path, LwM2mModel model) {
        ResourceModel resource = model.getResourceModel(path.getObjectId(), path.getResourceId());
        if (resource == null) {
            throw new IllegalArgumentException("no model of " + path);
        }
        return resource.type;
    }

    private static Object parse(ResourceModel.Type type, String text) {
        switch (type) {
        case STRING:
            return text;
        case INTEGER:
            return Long.valueOf(text);
        case UNSIGNED_INTEGER:
            return ULong.valueOf(text);
        case FLOAT:
            return Double.valueOf(text);
        case BOOLEAN:
            if (!text.equals("true") && !text.equals("false")) {
                throw new IllegalArgumentException(text + " is not true or false");
            }
            return Boolean.valueOf(text);
        case OPAQUE:
            return bytes(text);
        case TIME:
            return new Date(Long.parseLong(text) * 1000);
        case OBJLNK:
            String[] parts = text.split(":");
            return new ObjectLink(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
        default:
            throw new IllegalArgumentException("no value of type " + type);
        }
    }
}
