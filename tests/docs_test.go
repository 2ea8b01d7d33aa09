package tests

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/actors/observe"
)

// TestOperatingNamesEveryEventAndMetric: what a process says can be looked up.
func TestOperatingNamesEveryEventAndMetric(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join(root, "docs", "OPERATING.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(eventKinds(t), metricNames(t)...) {
		if !strings.Contains(string(manual), "`"+name+"`") {
			t.Errorf("docs/OPERATING.md: got no %s, want a row for it", name)
		}
	}
}

// eventKinds reads the constants, because Go cannot list them.
func eventKinds(t *testing.T) []string {
	t.Helper()
	var kinds []string
	for _, s := range sources(t) {
		if s.path != "actors/event.go" {
			continue
		}
		for node := range ast.Preorder(s.file) {
			constant, ok := node.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for _, value := range constant.Values {
				if text, ok := value.(*ast.BasicLit); ok && text.Kind == token.STRING {
					kind, _ := strconv.Unquote(text.Value)
					kinds = append(kinds, kind)
				}
			}
		}
	}
	if len(kinds) < 30 {
		t.Fatalf("event kinds of actors/event.go: got %q, want all of them", kinds)
	}
	return kinds
}

func metricNames(t *testing.T) []string {
	t.Helper()
	described := make(chan *prometheus.Desc, 100)
	observe.NewMetrics().Describe(described)
	observe.NewStates(nil).Describe(described)
	close(described)
	var names []string
	for desc := range described {
		name := regexp.MustCompile(`fqName: "([a-z_]+)"`).FindStringSubmatch(desc.String())
		if name == nil {
			t.Fatalf("metric %v: got no name, want one", desc)
		}
		names = append(names, name[1])
	}
	return append(names, roleMetrics(t)...)
}

// roleMetrics reads the names of those that roles add, from where a main makes them.
func roleMetrics(t *testing.T) (names []string) {
	t.Helper()
	for _, s := range sources(t) {
		if s.test || !strings.HasPrefix(s.path, "cmd/") {
			continue
		}
		for node := range ast.Preorder(s.file) {
			if text, ok := node.(*ast.BasicLit); ok && text.Kind == token.STRING {
				if name, _ := strconv.Unquote(text.Value); regexp.MustCompile(`^firebreak_[a-z_]+$`).MatchString(name) {
					names = append(names, name)
				}
			}
		}
	}
	if len(names) == 0 {
		t.Error("metrics of roles: got none, want those of chat nodes")
	}
	return names
}

// TestAlarmsCanFire: each rule asks for metrics that are there, and has a
// paragraph for whoever it wakes.
func TestAlarmsCanFire(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join(root, "docs", "OPERATING.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, name := range metricNames(t) {
		known[name] = true
	}
	for _, name := range regexp.MustCompile(`\bfirebreak_[a-z_]+`).FindAllString(string(manual), -1) {
		if !known[name] && name != "firebreak_" {
			t.Errorf("docs/OPERATING.md: got %s, want a metric that is there", name)
		}
	}
	alarms := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(manual), -1)
	if len(alarms) < 10 {
		t.Errorf("docs/OPERATING.md: got %d alarms, want all of them", len(alarms))
	}
	for _, alarm := range alarms {
		if !strings.Contains(string(manual), "\n**"+alarm[1]+".** ") {
			t.Errorf("docs/OPERATING.md: got no paragraph about the alarm %s, want one", alarm[1])
		}
	}
}
