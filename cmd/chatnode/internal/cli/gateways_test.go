package cli

import (
	"slices"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

func TestGatewayList(t *testing.T) {
	row := func(id, gateway string, state registry.State) registry.Row {
		return registry.Row{Key: "/services/node/" + id, Instance: registry.Instance{
			Service: nodeService, ID: id, State: state, Meta: map[string]string{gatewayMeta: gateway},
		}}
	}
	snapshot := func(rows ...registry.Row) *registry.Snapshot { return &registry.Snapshot{Rows: registry.NewRows(rows)} }
	var now *registry.Snapshot
	list := &gatewayList{directory: func() *registry.Snapshot { return now }, flag: []string{"ws://flag:1"}}
	for _, step := range []struct {
		name string
		now  *registry.Snapshot
		want []string
	}{
		{"nothing is known", nil, []string{"ws://flag:1"}},
		{"nobody is listed", snapshot(), []string{"ws://flag:1"}},
		{"two nodes", snapshot(row("a", "ws://a:1", ""), row("b", "wss://b", registry.StateUp)), []string{"ws://a:1", "wss://b"}},
		{"one leaves", snapshot(row("a", "ws://a:1", registry.StateDraining), row("b", "wss://b", "")), []string{"wss://b"}},
		{"no gateways", snapshot(row("a", "", ""), row("b", "http://b", ""), row("c", "ws://u:p@c", ""), row("d", "ws://d/x", "")), []string{"ws://flag:1"}},
		{"nobody is listed any more", snapshot(), []string{"ws://flag:1"}},
	} {
		now = step.now
		for range 2 { // read, and remembered
			if got := list.urls(); !slices.Equal(got, step.want) {
				t.Errorf("%s: got %v, want %v", step.name, got, step.want)
			}
		}
	}
	now = snapshot(row("a", "ws://a:1", ""))
	if n := testing.AllocsPerRun(100, func() { list.urls() }); n != 0 {
		t.Errorf("a directory that stands still: got %v allocations a call, want none", n)
	}
}
