package disk_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/disk"
)

// A process that starts while the registry is away serves what it saved last.
func Example() {
	folder, err := os.MkdirTemp("", "lkg")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	store, err := disk.Open(disk.Config{Folder: folder})
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Unix(1000, 0)
	instance := registry.Instance{Service: "api", ID: "api-7", Host: "10.0.0.7", Port: 50051}
	fmt.Println(store.Save(&registry.Snapshot{
		Directory: "/services/api/",
		Rows:      registry.NewRows([]registry.Row{{Key: "/services/api/api-7", Instance: instance, Status: registry.StatusLive}}),
	}, at))

	saved, err := store.Load("/services/api/", at.Add(time.Hour))
	if errors.Is(err, disk.ErrNothing) {
		return
	}
	view := registry.NewView("/services/api/", registry.Config{})
	view.Restore(saved)
	for row := range view.Snapshot(at.Add(time.Hour)).Rows.All() {
		fmt.Println(row.Instance.Address(), row.Origin)
	}
	// Output:
	// <nil>
	// 10.0.0.7:50051 disk
}
