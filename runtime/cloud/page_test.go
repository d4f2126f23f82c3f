package cloud

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// original holds every name of the Cloud API page: types, enumerators, functions, the macro, and the members of its structures.
const original = `
cloud_event_type cloud_disconnect_reason cloud_qos cloud_endpoint_type cloud_connect_result cloud_evt_handler_t cloud_endpoint cloud_msg
cloud_event cloud_api cloud_backend cloud_backend_config CLOUD_BACKEND_DEFINE
CLOUD_EVT_CONNECTING CLOUD_EVT_CONNECTED CLOUD_EVT_DISCONNECTED CLOUD_EVT_READY CLOUD_EVT_ERROR CLOUD_EVT_DATA_SENT
CLOUD_EVT_DATA_RECEIVED CLOUD_EVT_PAIR_REQUEST CLOUD_EVT_PAIR_DONE CLOUD_EVT_FOTA_START CLOUD_EVT_FOTA_DONE
CLOUD_EVT_FOTA_ERASE_PENDING CLOUD_EVT_FOTA_ERASE_DONE CLOUD_EVT_FOTA_DL_PROGRESS CLOUD_EVT_FOTA_ERROR CLOUD_EVT_COUNT
CLOUD_DISCONNECT_USER_REQUEST CLOUD_DISCONNECT_CLOSED_BY_REMOTE CLOUD_DISCONNECT_INVALID_REQUEST CLOUD_DISCONNECT_MISC
CLOUD_DISCONNECT_COUNT
CLOUD_QOS_AT_MOST_ONCE CLOUD_QOS_AT_LEAST_ONCE CLOUD_QOS_EXACTLY_ONCE CLOUD_QOS_COUNT
CLOUD_EP_MSG CLOUD_EP_STATE CLOUD_EP_STATE_DELETE CLOUD_EP_STATE_GET CLOUD_EP_PAIR CLOUD_EP_COMMON_COUNT CLOUD_EP_PRIV_START
CLOUD_EP_PRIV_END
CLOUD_CONNECT_RES_SUCCESS CLOUD_CONNECT_RES_ERR_NOT_INITD CLOUD_CONNECT_RES_ERR_INVALID_PARAM CLOUD_CONNECT_RES_ERR_NETWORK
CLOUD_CONNECT_RES_ERR_BACKEND CLOUD_CONNECT_RES_ERR_MISC CLOUD_CONNECT_RES_ERR_NO_MEM CLOUD_CONNECT_RES_ERR_PRV_KEY
CLOUD_CONNECT_RES_ERR_CERT CLOUD_CONNECT_RES_ERR_CERT_MISC CLOUD_CONNECT_RES_ERR_TIMEOUT_NO_DATA
CLOUD_CONNECT_RES_ERR_ALREADY_CONNECTED
cloud_init cloud_uninit cloud_connect cloud_disconnect cloud_send cloud_ping cloud_keepalive_time_left cloud_input
cloud_ep_subscriptions_add cloud_ep_subscriptions_remove cloud_user_data_set cloud_get_id cloud_notify_event cloud_get_binding
cloud_endpoint.type cloud_endpoint.str cloud_msg.buf cloud_msg.qos cloud_msg.endpoint cloud_event.type cloud_event.data.msg
cloud_event.data.err cloud_event.data.persistent_session cloud_event.data.fota_progress cloud_backend.api cloud_backend.config
cloud_backend_config.name cloud_backend_config.handler cloud_backend_config.socket cloud_backend_config.id`

var (
	code       = regexp.MustCompile("`([^`]+)`")
	goName     = regexp.MustCompile(`^(cloud|module|data|qos)\.[A-Z][A-Za-z]*(\.[A-Z][A-Za-z]*)?$`)
	identifier = regexp.MustCompile(`^[A-Za-z_.]+$`)
)

// TestPage holds that docs/cloud-api.md has every original name, and that each Go name in it and in the cloud module's page exists.
func TestPage(t *testing.T) {
	docs := filepath.Join("..", "..", "docs")
	for _, page := range []string{"cloud-api.md", "cloud-module.md"} {
		text, err := os.ReadFile(filepath.Join(docs, page))
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, match := range code.FindAllStringSubmatch(string(text), -1) {
			names[match[1]] = true
		}
		known := map[string]map[string]bool{}
		checked := 0
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if !goName.MatchString(name) {
				continue
			}
			where, what, _ := strings.Cut(name, ".")
			if known[where] == nil {
				known[where] = exported(t, filepath.Join("..", where))
			}
			if checked++; !known[where][what] {
				t.Errorf("%s: there is no %s", page, name)
			}
		}
		if checked == 0 {
			t.Errorf("%s names nothing of Go", page)
		}
		if page != "cloud-api.md" {
			continue
		}
		for name := range strings.FieldsSeq(original) {
			if !identifier.MatchString(name) || !names[name] {
				t.Errorf("%s does not have %s", page, name)
			}
		}
		for name := range known["cloud"] {
			if exact := "cloud." + name; !names[exact] && !strings.HasSuffix(name, ".String") && !slices.Contains(ours, name) {
				t.Errorf("%s does not have %s", page, exact)
			}
		}
	}
}

// ours are the names without an original.
var ours = []string{
	"ConnectResultCount", "Registry", "ErrNotInitialized", "ErrNotConnected", "Notifier.SetHandler", "Notifier.SetUserData",
}

// exported gives the exported names of a package: NAME of what is declared, TYPE.MEMBER of fields and methods.
func exported(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no package in %s: %v", folder, err)
	}
	names := map[string]bool{}
	add := func(parts ...string) {
		if last := parts[len(parts)-1]; ast.IsExported(parts[0]) && ast.IsExported(last) {
			names[strings.Join(parts, ".")] = true
		}
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name.Name)
				} else {
					add(receiver(d.Recv.List[0].Type), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.ValueSpec:
						for _, name := range s.Names {
							add(name.Name)
						}
					case *ast.TypeSpec:
						add(s.Name.Name)
						for _, member := range members(s.Type) {
							add(s.Name.Name, member)
						}
					}
				}
			}
		}
	}
	return names
}

func receiver(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// members gives the fields of a struct and the methods of an interface.
func members(e ast.Expr) []string {
	var fields *ast.FieldList
	switch e := e.(type) {
	case *ast.StructType:
		fields = e.Fields
	case *ast.InterfaceType:
		fields = e.Methods
	default:
		return nil
	}
	var names []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
