package cli

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gate"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// nobody loads no user.
type nobody struct{}

func (nobody) LoadUser(context.Context, string) (protocol.User, error) {
	return protocol.User{}, gateway.ErrBadToken
}

// admitting serves the admission of a gateway that serves nobody, and answers where.
func admitting(t *testing.T, token string) (url string, turns *gate.Gate) {
	t.Helper()
	a, err := role{Admin: "127.0.0.1:0"}.openAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	turns, err = gate.New(gate.Config{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	server, err := gateway.New(gateway.Config{Listener: listener, Node: "n", Loader: nobody{}, Gate: turns})
	if err != nil {
		t.Fatal(err)
	}
	a.serveAdmission(turns, server, actorsadmin.Config{Loopback: true, Token: token})
	a.serve(&session{log: zerolog.Nop()}, func() error { return nil })
	t.Cleanup(func() { a.stop(context.Background()) })
	return a.url(), turns
}

func TestAdmissionEndpoint(t *testing.T) {
	url, turns := admitting(t, "")
	rows := []struct {
		name, method, body string
		status             int
		want               string // in the answer
		ramp               string // afterwards
	}{
		{"shown", "GET", "", 200, `"ramp":"off","rate":null`, "off"},
		{"with what the study needs", "GET", "", 200, `"identify_rejected":0,"queue_age_ms_max":0`, "off"},
		{"and what got done", "GET", "", 200, `"goodput":0,"ready":0`, "off"},
		{"set", "POST", `{"rate":"200/s"}`, 200, `"ramp":"200/s","rate":200`, "200/s"},
		{"nobody", "POST", `{"rate":"0"}`, 200, `"ramp":"0/s","rate":0`, "0/s"},
		{"measured", "POST", `{"rate":"auto"}`, 200, `"cause":"ordered"`, "auto"},
		{"no rate", "POST", `{}`, 400, "want {\\\"rate\\\"", "auto"},
		{"a bad rate", "POST", `{"rate":"many"}`, 400, "is no rate", "auto"},
		{"a number", "POST", `{"rate":200}`, 400, "error", "auto"},
		{"something else", "POST", `{"rate":"off","x":1}`, 400, "unknown field", "auto"},
		{"two things", "POST", `{"rate":"off"}{}`, 400, "want", "auto"},
		{"no JSON", "POST", `off`, 400, "error", "auto"},
		{"too long", "POST", strings.Repeat(" ", 9000), 400, "too large", "auto"},
		{"put", "PUT", `{"rate":"off"}`, 405, "GET and POST", "auto"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), row.method, url+"/admin/admission", strings.NewReader(row.body))
			if err != nil {
				t.Fatal(err)
			}
			reply, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			body, err := io.ReadAll(reply.Body)
			if err != nil || reply.StatusCode != row.status || !strings.Contains(string(body), row.want) {
				t.Errorf("answer: got %d %s, %v, want %d with %s", reply.StatusCode, body, err, row.status, row.want)
			}
			if got := turns.Figures().Ramp.String(); got != row.ramp {
				t.Errorf("ramp: got %s, want %s", got, row.ramp)
			}
		})
	}
}

func TestThrottle(t *testing.T) {
	first, turns := admitting(t, "")
	second, _ := admitting(t, "")
	guarded, _ := admitting(t, "a token that nobody knows")

	got := execution(t, nil, "ctl", "throttle", "200/s", "--total", "--node", first, "--node", second)
	if got.code != 0 || turns.Figures().Ramp.String() != "100/s" || strings.Count(got.stdout, " 100/s ") < 2 {
		t.Errorf("200/s over two nodes: got %d %s %s, want 100/s each", got.code, got.stdout, got.stderr)
	}
	got = execution(t, nil, "ctl", "throttle", "auto", "--node", guarded+","+first)
	if got.code != 1 || !strings.Contains(got.stderr, "needs the token") || turns.Figures().Ramp.String() != "auto" {
		t.Errorf("one of two refuses: got %d %s, ramp %v, want the other told", got.code, got.stderr, turns.Figures().Ramp)
	}
	got = execution(t, nil, "ctl", "throttle", "--json", "--node", first)
	var all []throttled
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil || len(all) != 1 || all[0].Ramp.String() != "auto" || all[0].Limit != 256 {
		t.Errorf("as JSON: got %s, %v, want how one node stands", got.stdout, err)
	}
}

// TestAdmissionIsMeasured: Prometheus sees the same.
func TestAdmissionIsMeasured(t *testing.T) {
	url, _ := admitting(t, "")
	reply, err := http.Get(url + "/admin/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"chatnode_admission_rate +Inf", `chatnode_admission_refused_total{lane="identify",reason="expired"} 0`, "chatnode_goodput 0", "chatnode_sessions_ready 0"} {
		if !strings.Contains(string(body), want+"\n") {
			t.Errorf("metrics: got no %s, want it", want)
		}
	}
}
