package cli

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// TestConfigSaysWhereEachValueIsFrom: and the flag wins over the environment.
func TestConfigSaysWhereEachValueIsFrom(t *testing.T) {
	env := map[string]string{
		"FIREBREAK_PREFIX": "/from-env", "FIREBREAK_PROFILE": "naive", "FIREBREAK_LOG_LEVEL": "debug", "FIREBREAK_SERVICE": "api",
	}
	cmd, s, err := parse(Process{
		Args: []string{
			"node", "--profile=isolated", "--etcd=http://127.0.0.1:1", "--etcd=http://127.0.0.1:2",
			"--restart-check=off", "--admin-token-file=/run/token",
		},
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	if err != nil {
		t.Fatal(err)
	}
	node, ok := cmd.(*nodeCommand)
	if !ok {
		t.Fatalf("command: got %T, want the node's", cmd)
	}
	node.ID = "filled-in"
	a, err := role{Admin: "127.0.0.1:0"}.openAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.log = zerolog.Nop()
	a.serve(s, func() error { return nil })
	defer a.stop(t.Context())
	status, body := ask(t, a, "/admin/config")
	var config struct{ Settings []setting }
	if err := json.Unmarshal([]byte(body), &config); err != nil || status != http.StatusOK {
		t.Fatalf("/admin/config: got %d %s (%v), want 200 and JSON", status, body, err)
	}
	got := map[string]setting{}
	for _, s := range config.Settings {
		if _, twice := got[s.Flag]; twice {
			t.Errorf("%s: got it twice, want each flag once", s.Flag)
		}
		got[s.Flag] = s
	}
	for flag, want := range map[string]setting{
		"--profile":            {Value: "isolated", From: "flag", Variable: "FIREBREAK_PROFILE"},
		"--prefix":             {Value: "/from-env", From: "environment", Variable: "FIREBREAK_PREFIX"},
		"--log-level":          {Value: "debug", From: "environment", Variable: "FIREBREAK_LOG_LEVEL"},
		"--etcd":               {Value: "http://127.0.0.1:1,http://127.0.0.1:2", From: "flag", Variable: "FIREBREAK_ETCD"},
		"--id":                 {Value: "filled-in", From: "default", Variable: "FIREBREAK_ID"},
		"--heartbeat-interval": {Value: "41.25s", From: "default", Variable: "FIREBREAK_HEARTBEAT_INTERVAL"},
		"--restart-check":      {Value: "off", From: "flag", Variable: "FIREBREAK_RESTART_CHECK"},
		"--admin-token-file":   {Value: "/run/token", From: "flag", Variable: "FIREBREAK_ADMIN_TOKEN_FILE"},
	} {
		want.Flag = flag
		if got[flag] != want {
			t.Errorf("%s: got %+v, want %+v", flag, got[flag], want)
		}
	}
	if strings.Contains(body, "FIREBREAK_HELP") || strings.Contains(body, "FIREBREAK_SERVICE") {
		t.Errorf("got %s, want the role's own flags with a value", body)
	}
}

// TestConfigHidesSecrets: also those that are where they should not be.
func TestConfigHidesSecrets(t *testing.T) {
	_, s, err := parse(Process{Args: []string{
		"etcd", "--data-dir=/d", "--peer=http://me:swordfish@10.0.0.1:2380", "--initial-cluster=a=http://10.0.0.1:2380,b=http://me:swordfish@10.0.0.2:2380",
	}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s.settings())
	if err != nil || strings.Contains(string(text), "swordfish") || strings.Count(string(text), hidden) != 2 {
		t.Errorf("settings: got %s (%v), want both passwords hidden", text, err)
	}
	for name, secret := range map[string]bool{"token": true, "etcd-password": true, "tls-key": true, "admin-token-file": false, "tls-key-file": false, "keyspace": false} {
		if secretFlag.MatchString(name) != secret {
			t.Errorf("--%s: got secret %v, want %v", name, !secret, secret)
		}
	}
	if got := written(reflect.ValueOf(period(1500000000))); got != "1.5s" {
		t.Errorf("period: got %s, want 1.5s", got)
	}
}
