package merge_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/firebreak-go/firebreak/registry/merge"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// Two registries as one; one of them goes away, and its keys stay.
func Example() {
	ctx := context.Background()
	east, west := registrytest.NewMemory(registrytest.Config{}), registrytest.NewMemory(registrytest.Config{})
	east.Put("/services/api/api-1", "of the east", 0)
	west.Put("/services/api/api-1", "of the west, hidden", 0)
	west.Put("/services/api/api-2", "of the west", 0)
	source, err := merge.New(merge.Config{
		Members: []merge.Member{{Name: "east", Source: east}, {Name: "west", Source: west}},
		Report:  func(member, _ string, err error) { fmt.Println(member, err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		listing, err := source.List(ctx, "/services/api/")
		for _, entry := range listing.Entries {
			fmt.Println(entry.Key, entry.Value)
		}
		fmt.Println(err)
		west.Fail(errors.New("connection refused"))
	}
	// Output:
	// /services/api/api-1 of the east
	// /services/api/api-2 of the west
	// <nil>
	// west connection refused
	// /services/api/api-1 of the east
	// /services/api/api-2 of the west
	// <nil>
}
