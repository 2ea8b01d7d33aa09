package cluster

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The flags are a contract with the roles, which are other packages.
func TestFlagsOfEachRole(t *testing.T) {
	m := maker{cfg: Config{Users: 100, Seed: 7}.withDefaults(), profile: ProfileNaive, dir: "D", layout: testLayout(t)}
	existing := m
	existing.cfg.Target = TargetExisting
	data := func(name string) string { return filepath.Join("D", name) }
	for _, row := range []struct {
		spec spec
		want string
	}{
		{m.etcd(), "etcd --listen h:1 --peer http://h:15 --data-dir " + data("etcd") + " --mode incident --fast --admin h:2 --lifeline"},
		{m.store(), "store --listen h:3 --data-dir " + data("store") + " --users 100 --guilds 2 --seed 7 --admin h:4 --lifeline"},
		{m.api(m.layout.apis[0]), "api --id api-1 --listen h:7 --etcd http://h:1 --store h:3 --rest h:16 --gateway ws://h:11,ws://h:13 --admin h:8 --lifeline"},
		{m.joiner("http://p"), "api --id api-2 --listen h:9 --etcd http://h:1 --store h:3 --announce incident --announce-via http://p --announce-retry 2s --admin h:10 --lifeline"},
		{existing.joiner("http://p"), "api --id api-2 --listen h:9 --etcd http://h:1 --store h:3 --announce incident --announce-via http://p --announce-retry 2s --ttl 6s --admin h:10 --lifeline"},
		{m.node(m.layout.nodes[0]), "node --id node-1 --listen h:11 --etcd http://h:1 --profile naive --leave off --admin h:12 --lifeline"},
		{m.load(), "load --gateway ws://h:11,ws://h:13 --users 100 --seed 7 --rate 50/s --messages 20/s --rest http://h:16 --admin h:6 --lifeline"},
	} {
		if got := strings.Join(row.spec.Args, " "); got != row.want {
			t.Errorf("flags of %s:\n got %s\nwant %s", row.spec.Name, got, row.want)
		}
		if row.spec.Boot != 3*time.Second || row.spec.Log != data(row.spec.Name+".log") || !strings.HasPrefix(row.spec.Admin, "http://h:") {
			t.Errorf("%s: got boot %v, log %s, admin %s", row.spec.Name, row.spec.Boot, row.spec.Log, row.spec.Admin)
		}
	}
}

func TestLayoutGivesEachProcessItsOwnPorts(t *testing.T) {
	l, err := newLayout(t.Context(), newPorts(), Config{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{strings.TrimPrefix(l.etcdPeer, "http://"): "etcd's peers"}
	for _, s := range l.all() {
		for _, address := range []string{s.listen, s.admin, s.rest} {
			if other := seen[address]; address != "" && other != "" {
				t.Errorf("%s and %s: both got %s", s.name, other, address)
			}
			seen[address] = s.name
		}
	}
	if l.joiner.name != "api-4" || l.key != "/services/api/api-4" || len(l.nodes) != 6 || len(l.apis) != 3 {
		t.Errorf("layout: got %+v, want 6 nodes, 3 API nodes and api-4 to join", l)
	}
}
