package work_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

func TestMetrics(t *testing.T) {
	l := newLane(t, desk.Config{Workers: 3})
	for range 2 {
		if err := l.Do(t.Context(), nothing); err != nil {
			t.Fatal(err)
		}
	}
	metrics := prometheus.NewPedanticRegistry()
	metrics.MustRegister(work.NewMetrics(l))
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, f := range families {
		m := f.GetMetric()[0]
		got[f.GetName()+"/"+m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	if got["chatnode_work_limit/users"] != 3 || got["chatnode_work_served_total/users"] != 2 || len(got) != 10 {
		t.Errorf("metrics: got %v, want ten, 3 workers and 2 calls", got)
	}
}

func TestManualNamesEveryMetric(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "OPERATING.md"))
	if err != nil {
		t.Fatal(err)
	}
	described := make(chan *prometheus.Desc, 100)
	work.NewMetrics().Describe(described)
	close(described)
	for desc := range described {
		name := regexp.MustCompile(`fqName: "([a-z0-9_]+)"`).FindStringSubmatch(desc.String())[1]
		if !strings.Contains(string(manual), "`"+name+"`") {
			t.Errorf("docs/OPERATING.md: got no %s, want a row for it", name)
		}
	}
}
