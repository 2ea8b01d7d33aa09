package pick_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/pick"
)

// A pool follows a directory; calls that fail eject, and who drains is never
// picked.
func Example() {
	row := func(id string, state registry.State) registry.Row {
		return registry.Row{Key: "/services/api/" + id, Status: registry.StatusLive, Instance: registry.Instance{ID: id, State: state}}
	}
	rows := []registry.Row{row("api-1", registry.StateUp), row("api-2", registry.StateUp), row("api-3", registry.StateDraining)}
	pool, err := pick.NewPool(pick.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	pool.Follow(&registry.Snapshot{Rows: registry.NewRows(rows)})
	show := func() {
		table := pool.Table()
		for counter := range uint64(3) {
			fmt.Print(table.Turn(counter).Row.Instance.ID, " ")
		}
		fmt.Printf("%+v\n", table.Tally())
	}
	show()

	now := time.Unix(0, 0)
	pool.NoteError(&rows[0], now)
	fmt.Println("ejected for", pool.NoteError(&rows[0], now.Add(time.Second)))
	show()

	due, _ := pool.Due()
	pool.Tick(due)
	show()
	// Output:
	// api-1 api-2 api-1 {Usable:2 Limbo:0 Ejected:0 Panicking:false}
	// ejected for 30s
	// api-2 api-2 api-2 {Usable:1 Limbo:0 Ejected:1 Panicking:false}
	// api-2 api-1 api-2 {Usable:2 Limbo:0 Ejected:0 Panicking:false}
}
