package etcdv2

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestListing(t *testing.T) {
	m := newFakeMember(t, reply{status: 200, body: `{"action":"get","node":{"key":"/services/api","dir":true,"modifiedIndex":4,"nodes":[
		{"key":"/services/api/b","value":"B","modifiedIndex":12,"ttl":59,"expiration":"2026-01-01T00:00:00Z"},
		{"key":"/services/api/a","value":"","modifiedIndex":11},
		{"key":"/services/api/due","value":"D","modifiedIndex":13,"expiration":"2026-01-01T00:00:00Z"},
		{"key":"/services/api/_hidden","value":"H","modifiedIndex":14},
		{"key":"/services/api/sub","dir":true,"modifiedIndex":15},
		{"key":"/services/apix","value":"X","modifiedIndex":16}]}}`})
	r := newRegistry(t, Config{Endpoints: []string{m.URL}})
	got, err := r.List(t.Context(), testDirectory)
	want := registry.Listing{Index: 41, Cluster: "5930ec8246e08795", Entries: []registry.Entry{
		{Key: "/services/api/a", Index: 11},
		{Key: "/services/api/b", Value: "B", Index: 12, TTL: 59 * time.Second},
		{Key: "/services/api/due", Value: "D", Index: 13, TTL: time.Second},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("listing: got %+v and error %v, want %+v", got, err, want)
	}
}

// An empty listing keeps its index, so that a watch can start after it.
func TestListingOfAMissingDirectory(t *testing.T) {
	m := newFakeMember(t, reply{status: 404, body: `{"errorCode":100,"message":"Key not found","cause":"/services","index":41}`})
	r := newRegistry(t, Config{Endpoints: []string{m.URL}})
	got, err := r.List(t.Context(), testDirectory)
	if err != nil || len(got.Entries) != 0 || !got.Missing || got.Index != 41 || got.Cluster != "5930ec8246e08795" {
		t.Errorf("listing: got %+v and error %v, want no entries at index 41 of the cluster", got, err)
	}
}

func TestListingOfAKeyIsAnError(t *testing.T) {
	m := newFakeMember(t, reply{status: 200, body: `{"action":"get","node":{"key":"/services/api","value":"v","modifiedIndex":4}}`})
	r := newRegistry(t, Config{Endpoints: []string{m.URL}})
	if got, err := r.List(t.Context(), testDirectory); err == nil {
		t.Errorf("listing: got %+v, want an error", got)
	}
}

func TestChanges(t *testing.T) {
	const before = `"prevNode":{"key":"/services/api/a","value":"old","modifiedIndex":8,"ttl":9,"expiration":"x"}`
	previous := &registry.Entry{Key: "/services/api/a", Value: "old", Index: 8, TTL: 9 * time.Second}
	put := registry.Entry{Key: "/services/api/a", Value: "new", Index: 12, TTL: 60 * time.Second}
	gone := registry.Entry{Key: "/services/api/a", Index: 12}
	rows := []struct {
		name, body string
		want       registry.Change
	}{
		{"set", `"node":{"key":"/services/api/a","value":"new","modifiedIndex":12,"ttl":60},` + before, registry.Change{Kind: registry.ChangePut, Entry: put, Previous: previous, Index: 12}},
		{"create", `"node":{"key":"/services/api/a","value":"new","modifiedIndex":12,"ttl":60}`, registry.Change{Kind: registry.ChangePut, Entry: put, Index: 12}},
		{"update", `"node":{"key":"/services/api/a","value":"new","modifiedIndex":12,"ttl":60},` + before, registry.Change{Kind: registry.ChangePut, Entry: put, Previous: previous, Index: 12}},
		{"compareAndSwap", `"node":{"key":"/services/api/a","value":"new","modifiedIndex":12,"ttl":60},` + before, registry.Change{Kind: registry.ChangePut, Entry: put, Previous: previous, Index: 12}},
		{"delete", `"node":{"key":"/services/api/a","modifiedIndex":12},` + before, registry.Change{Kind: registry.ChangeDeleted, Entry: gone, Previous: previous, Index: 12}},
		{"compareAndDelete", `"node":{"key":"/services/api/a","modifiedIndex":12},` + before, registry.Change{Kind: registry.ChangeDeleted, Entry: gone, Previous: previous, Index: 12}},
		{"expire", `"node":{"key":"/services/api/a","modifiedIndex":12},` + before, registry.Change{Kind: registry.ChangeExpired, Entry: gone, Previous: previous, Index: 12}},
		{"delete", `"node":{"key":"/services/api","dir":true,"modifiedIndex":12},"prevNode":{"key":"/services/api","dir":true,"modifiedIndex":2}`, registry.Change{Kind: registry.ChangeDirectory, Entry: registry.Entry{Key: "/services/api", Index: 12}, Index: 12}},
		{"expire", `"node":{"key":"/services","modifiedIndex":12},"prevNode":{"key":"/services","dir":true,"modifiedIndex":2}`, registry.Change{Kind: registry.ChangeDirectory, Entry: registry.Entry{Key: "/services", Index: 12}, Index: 12}},
		{"set", `"node":{"key":"/services/api/sub","dir":true,"modifiedIndex":12}`, registry.Change{Kind: registry.ChangeDirectory, Entry: registry.Entry{Key: "/services/api/sub", Index: 12}, Index: 12}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m := newFakeMember(t, reply{status: 200, body: fmt.Sprintf(`{"action":%q,%s}`, row.name, row.body)})
			r := newRegistry(t, Config{Endpoints: []string{m.URL}})
			row.want.Head, row.want.Cluster = 41, "5930ec8246e08795"
			got, err := r.Next(t.Context(), testDirectory, 11)
			if err != nil || !reflect.DeepEqual(got, row.want) {
				t.Errorf("change: got %+v and error %v, want %+v", got, err, row.want)
			}
		})
	}
}

// A cursor that cannot move would make its reader spin.
func TestChangesThatWouldNotMoveTheCursor(t *testing.T) {
	for name, body := range map[string]string{
		"old event":      `{"action":"set","node":{"key":"/services/api/a","value":"v","modifiedIndex":11}}`,
		"no index":       `{"action":"set","node":{"key":"/services/api/a","value":"v"}}`,
		"unknown action": `{"action":"dance","node":{"key":"/services/api/a","value":"v","modifiedIndex":12}}`,
	} {
		m := newFakeMember(t, reply{status: 200, body: body})
		r := newRegistry(t, Config{Endpoints: []string{m.URL}})
		if got, err := r.Next(t.Context(), testDirectory, 11); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

func TestReadsOnTheWire(t *testing.T) {
	asked := make(chan string, 8)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Method + " " + r.RequestURI }))
	t.Cleanup(s.Close)
	r := newRegistry(t, Config{Endpoints: []string{s.URL + "/behind/"}})
	rows := []struct{ call, want string }{
		{"list", "GET /behind/v2/keys/services/api?quorum=true"},
		{"get", "GET /behind/v2/keys/services/api/api-1?quorum=true"},
		{"next", "GET /behind/v2/keys/services/api?recursive=true&wait=true&waitIndex=8"},
	}
	for _, row := range rows {
		if err := calls(r)[row.call](t.Context()); err == nil {
			t.Errorf("%s of an empty page: got no error, want one", row.call)
		}
		if got := <-asked; got != row.want {
			t.Errorf("%s: got request %q, want %q", row.call, got, row.want)
		}
	}
}

func TestConfig(t *testing.T) {
	const etcd = "http://127.0.0.1:2379"
	rows := []struct {
		name string
		cfg  Config
		want string // in the error; empty = accepted
	}{
		{"zero values", Config{Endpoints: []string{etcd}}, ""},
		{"several over https", Config{Endpoints: []string{"https://a:2379", "https://b:2379"}}, ""},
		{"longest wait", Config{Endpoints: []string{etcd}, Wait: MaxWait}, ""},
		{"no endpoint", Config{}, "no endpoint"},
		{"no scheme", Config{Endpoints: []string{"127.0.0.1:2379"}}, "127.0.0.1:2379"},
		{"other scheme", Config{Endpoints: []string{"ftp://x"}}, "ftp://x"},
		{"no host", Config{Endpoints: []string{"http://"}}, "http://"},
		{"second is bad", Config{Endpoints: []string{etcd, "::"}}, `"::"`},
		{"query", Config{Endpoints: []string{etcd + "?a=b"}}, "client URL"},
		{"wait too long", Config{Endpoints: []string{etcd}, Wait: MaxWait + 1}, "wait"},
		{"negative timeout", Config{Endpoints: []string{etcd}, Timeout: -1}, "timeout"},
		{"negative limit", Config{Endpoints: []string{etcd}, MaxAnswer: -1}, "limit"},
		{"password alone", Config{Endpoints: []string{etcd}, Password: "p"}, "user name"},
	}
	for _, row := range rows {
		_, err := New(row.cfg)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got error %v, want %q", row.name, err, row.want)
		}
	}
	_, err := New(Config{Endpoints: []string{"http://me:secret@x"}})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("password in the URL: got error %v, want one that does not print it", err)
	}
}
