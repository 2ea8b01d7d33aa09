package etcd

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
)

func TestChatter(t *testing.T) {
	var out bytes.Buffer
	log := chatter(zerolog.New(&out), zerolog.WarnLevel)
	log.Info("quiet")
	log.With(zap.String("member", "a")).Warn("slow", zap.Duration("took", time.Second), zap.Strings("urls", []string{"x"}))
	log.Error("broken")
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 2 {
		t.Fatalf("lines: got %q, want the warning and the error", got)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(got[0]), &line); err != nil {
		t.Fatalf("line: got %q, want JSON", got[0])
	}
	if line["level"] != "warn" || line["message"] != "slow" || line["member"] != "a" || line["took"] == nil || line["from"] != "etcd" {
		t.Errorf("line: got %v, want level, message, member, took and from", line)
	}
}

// A start that went well says nothing worse than what etcd says about its own API.
func TestWritesAreOneLine(t *testing.T) {
	m := start1(t, Config{})
	send(t, "PUT", m.url+"/v2/keys/a?value=v", "", "")
	send(t, "PUT", m.url+"/v2/keys/a?prevIndex=1&value=v", "", "")
	send(t, "GET", m.url+"/v2/keys/a", "", "")
	log := m.log.String()
	for _, want := range []string{
		`{"level":"debug","method":"PUT","key":"/a","status":201,"message":"v2 write"}`,
		`{"level":"debug","method":"PUT","key":"/a","status":412,"message":"v2 write"}`,
	} {
		if strings.Count(log, want) != 1 {
			t.Errorf("log: got\n%swant one line %s", log, want)
		}
	}
	if strings.Count(log, "v2 write") != 2 {
		t.Errorf("log: got\n%swant no line for the read", log)
	}
	t.Log(log)
}
