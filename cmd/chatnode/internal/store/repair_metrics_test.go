package store

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestManualNamesEveryMetricOfRepairs(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "OPERATING.md"))
	if err != nil {
		t.Fatal(err)
	}
	described := make(chan *prometheus.Desc, 100)
	repairsOf(t, Config{InFlight: 1}).Metrics().Describe(described)
	close(described)
	for desc := range described {
		name := regexp.MustCompile(`fqName: "([a-z0-9_]+)"`).FindStringSubmatch(desc.String())[1]
		if !strings.Contains(string(manual), "`"+name+"`") {
			t.Errorf("docs/OPERATING.md: got no %s, want a row for it", name)
		}
	}
}
