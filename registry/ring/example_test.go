package ring_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/ring"
)

// Guilds are placed on three nodes; a fourth comes and takes its share, a few
// parts at a time.
func Example() {
	nodes := func(n int) *registry.Snapshot {
		var rows []registry.Row
		for i := range n {
			id := fmt.Sprint("node-", i)
			rows = append(rows, registry.Row{Key: "/services/guild/" + id, Status: registry.StatusLive, Instance: registry.Instance{ID: id}})
		}
		return &registry.Snapshot{Directory: "/services/guild/", Rows: registry.NewRows(rows)}
	}
	placement, err := ring.New(ring.Config{MoveParts: 8000, MoveEvery: time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func() {
		table := placement.Table()
		fmt.Printf("guild-20 is on %s, %d parts wait\n", table.Owner("guild-20").Instance.ID, table.Pending())
	}
	now := time.Unix(0, 0)
	placement.Follow(nodes(3), now)
	show()
	placement.Follow(nodes(4), now)
	show()
	for due, waits := placement.Due(); waits; due, waits = placement.Due() {
		fmt.Println("more may move after", due.Sub(now))
		placement.Tick(due)
	}
	show()
	fmt.Println("before that it was on", placement.Table().Previous("guild-20", 1).Instance.ID)
	// Output:
	// guild-20 is on node-2, 0 parts wait
	// guild-20 is on node-2, 7737 parts wait
	// more may move after 1s
	// guild-20 is on node-3, 0 parts wait
	// before that it was on node-2
}
