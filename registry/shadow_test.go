package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestShadow(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 3) // h:1, h:2, h:3
	c.index++
	e := registry.Entry{Key: apis + "z", Value: draining(t, "z"), Index: c.index}
	c.Observe(registry.Change{Kind: registry.ChangePut, Entry: e, Index: e.Index}, c.now)
	judge(c.View, e, c.now)
	s := registry.NewShadow(registry.ShadowConfig{})
	start := time.Unix(5000, 0)
	for _, step := range []struct {
		name  string
		after time.Duration
		today []string
		want  string
	}{
		{"the same", 0, []string{"h:1", "h:2", "h:3", "h:3"}, "3 same, [] missing, [] extra, news false"},
		{"a difference", time.Second, []string{"h:1", "h:2", "x:9"}, "2 same, [] missing, [] extra, news false"},
		{"almost ten seconds", 11*time.Second - time.Millisecond, []string{"h:1", "h:2", "x:9"}, "2 same, [] missing, [] extra, news false"},
		{"ten seconds", 11 * time.Second, []string{"h:1", "h:2", "x:9"}, "2 same, [x:9] missing, [h:3] extra, news true"},
		{"later", 20 * time.Second, []string{"h:1", "h:2", "x:9"}, "2 same, [x:9] missing, [h:3] extra, news false"},
		{"one is mended", 21 * time.Second, []string{"h:1", "h:2", "h:3", "x:9"}, "3 same, [x:9] missing, [] extra, news true"},
		{"broken again", 22 * time.Second, []string{"h:1", "h:2", "x:9"}, "2 same, [x:9] missing, [] extra, news false"},
		{"all is mended", 40 * time.Second, []string{"h:1", "h:2", "h:3"}, "3 same, [] missing, [] extra, news true"},
	} {
		r := s.Compare(c.Snapshot(c.now), step.today, start.Add(step.after))
		if got := fmt.Sprintf("%d same, %v missing, %v extra, news %v", r.Same, r.Missing, r.Extra, r.News); got != step.want {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
}

func TestShadowReportIsBounded(t *testing.T) {
	s := registry.NewShadow(registry.ShadowConfig{Limit: 2, Patience: time.Second})
	today := []string{"c:1", "b:1", "a:1"}
	s.Compare(&registry.Snapshot{}, today, time.Unix(0, 0))
	r := s.Compare(&registry.Snapshot{}, today, time.Unix(1, 0))
	if got := fmt.Sprint(r.Missing, r.MissingCount); got != "[a:1 b:1] 3" {
		t.Errorf("missing: got %s, want two of three", got)
	}
}
