package etcdv2

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	client "go.etcd.io/etcd/client/v2"

	"github.com/firebreak-go/firebreak/registry"
)

// A reply that etcd would not send is one request, one line and no sentinel, in
// every method: a sentinel would be taken for a fact about the key.
func TestForeignReplies(t *testing.T) {
	rows := []struct {
		name  string
		reply reply
		want  string
	}{
		{"empty object", reply{status: 200, body: `{}`}, "is this an etcd"},
		{"no node", reply{status: 200, body: `{"action":"set"}`}, "is this an etcd"},
		{"null node", reply{status: 200, body: `{"action":"set","node":null}`}, "is this an etcd"},
		{"no index header", reply{status: 200, noIndex: true, body: `{"action":"get","node":{"key":"/services/api","dir":true}}`}, "is this an etcd"},
		{"empty page", reply{status: 200}, "empty page"},
		{"garbage", reply{status: 200, body: "garbage"}, "garbage"},
		{"page of a proxy", reply{status: 200, body: "<html>\n<body>welcome</body>\n</html>"}, "is this an etcd"},
		{"404 of a proxy", reply{status: 404, body: "404 page not found\n"}, "is this an etcd"},
		{"404 with empty JSON", reply{status: 404, body: `{}`}, "is this an etcd"},
		{"404 with JSON but no index", reply{status: 404, noIndex: true, body: `{"errorCode":100}`}, "is this an etcd"},
		{"redirect", reply{status: 307, header: "Location: http://127.0.0.1:1/"}, "redirect"},
		{"no quorum", reply{status: 500, body: `{"errorCode":300,"message":"Raft Internal Error"}`}, "Raft Internal Error"},
		{"gateway", reply{status: 502, body: "bad\ngateway"}, "502"},
		{"huge", reply{status: 200, body: strings.Repeat("x", 5000)}, "answer limit of 4096 bytes"},
		{"huge 500", reply{status: 500, body: strings.Repeat("x", 5000)}, "500"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := newFakeMember(t, row.reply)
			r := newRegistry(t, Config{Endpoints: []string{m.URL}, MaxAnswer: 4096})
			for name, call := range calls(r) {
				m.requests.Store(0)
				err := call(t.Context())
				if got := m.requests.Load(); got != 1 {
					t.Errorf("%s: got %d requests, want 1", name, got)
				}
				if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), m.URL) {
					t.Errorf("%s: got error %v, want one with %q and the endpoint", name, err, row.want)
					continue
				}
				if strings.Contains(err.Error(), "\n") || len(err.Error()) > 600 {
					t.Errorf("%s: got error %q, want one short line", name, err)
				}
				for _, s := range sentinels() {
					if errors.Is(err, s) {
						t.Errorf("%s: got %v, want no sentinel", name, s)
					}
				}
			}
		})
	}
}

func TestErrorCodes(t *testing.T) {
	rows := []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"100 key not found", 404, `{"errorCode":100,"message":"Key not found","cause":"/a","index":41}`, registry.ErrNotFound},
		{"101 compare failed", 412, `{"errorCode":101,"message":"Compare failed","cause":"[7 != 9]","index":41}`, registry.ErrConflict},
		{"105 key exists", 412, `{"errorCode":105,"message":"Key already exists","cause":"/a","index":41}`, registry.ErrExists},
		{"401 history cleared", 400, `{"errorCode":401,"message":"outdated","cause":"[105/4]","index":41}`, registry.ErrHistoryLost},
		{"400 watcher cleared", 400, `{"errorCode":400,"message":"cleared","index":41}`, nil},
		{"102 not a file", 403, `{"errorCode":102,"message":"Not a file","cause":"/a","index":41}`, nil},
		{"110 unauthorized", 401, `{"errorCode":110,"message":"Unauthorized","index":41}`, nil},
		{"210 invalid form", 400, `{"errorCode":210,"message":"Invalid POST form","index":41}`, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := newFakeMember(t, reply{status: row.status, body: row.body})
			r := newRegistry(t, Config{Endpoints: []string{m.URL}})
			for name, call := range calls(r) {
				err := call(t.Context())
				if name == "list" && errors.Is(row.want, registry.ErrNotFound) {
					if err != nil {
						t.Errorf("list of a directory that is not there: got error %v, want none", err)
					}
					continue
				}
				if err == nil || row.want != nil && !errors.Is(err, row.want) {
					t.Errorf("%s: got error %v, want %v", name, err, row.want)
				}
				for _, s := range sentinels() {
					if !errors.Is(row.want, s) && errors.Is(err, s) {
						t.Errorf("%s: got %v, want it not to be one", name, s)
					}
				}
			}
		})
	}
}

// A member that fails costs one call, not all of them, and a call never asks two.
func TestNextCallAsksTheNextMember(t *testing.T) {
	bad := newFakeMember(t, reply{status: 503})
	good := newFakeMember(t, reply{status: 200, body: `{"action":"get","node":{"key":"` + testKey + `","value":"v","modifiedIndex":40}}`})
	r := newRegistry(t, Config{Endpoints: []string{bad.URL, good.URL}})
	r.asked.Store(0)
	if _, err := r.Get(t.Context(), testKey); err == nil || good.requests.Load() != 0 {
		t.Errorf("first call: got error %v and %d requests to the second member, want an error and none", err, good.requests.Load())
	}
	for range 3 {
		if _, err := r.Get(t.Context(), testKey); err != nil {
			t.Errorf("call after a failure: got error %v, want none", err)
		}
	}
	if got := bad.requests.Load(); got != 1 {
		t.Errorf("requests to the failing member: got %d, want 1", got)
	}
}

func TestDialErrorNamesTheEndpoint(t *testing.T) {
	m := newFakeMember(t, reply{status: 200})
	m.Close()
	r := newRegistry(t, Config{Endpoints: []string{m.URL}})
	_, err := r.Get(t.Context(), testKey)
	if err == nil || !strings.Contains(err.Error(), "is etcd running there?") || !strings.Contains(err.Error(), m.URL) {
		t.Errorf("get from a closed port: got error %v, want one that names the endpoint and asks for etcd", err)
	}
}

type panickingClient struct{ client.Client }

func TestClientPanicIsAnError(t *testing.T) {
	r := newRegistry(t, Config{Endpoints: []string{"http://etcd:2379"}})
	r.members[0].client = panickingClient{}
	if _, err := r.Get(t.Context(), testKey); err == nil || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("get through a client that panics: got error %v, want one that says so", err)
	}
	nothing := roundTrip(func(*http.Request) (*http.Response, error) { return nil, nil })
	r = newRegistry(t, Config{Endpoints: []string{"http://etcd:2379"}, Transport: nothing})
	if _, err := r.Get(t.Context(), testKey); err == nil || !strings.Contains(err.Error(), "neither") {
		t.Errorf("get through a transport that returns nothing: got error %v, want one that says so", err)
	}
}
