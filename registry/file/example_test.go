package file_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/firebreak-go/firebreak/registry/file"
)

// An operator writes one file per instance; who follows the folder needs nothing
// else. Give the source to actors.Config, or to package merge beside a registry.
func Example() {
	root, err := os.MkdirTemp("", "services")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(root) }()
	folder := filepath.Join(root, "services", "api")
	record := `{"v": 1, "service": "api", "id": "api-7", "host": "10.0.0.7", "port": 50051}`
	if err := os.MkdirAll(folder, 0o700); err != nil {
		fmt.Println(err)
		return
	}
	if err := os.WriteFile(filepath.Join(folder, "api-7.json"), []byte(record), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	source, err := file.New(file.Config{Root: root})
	if err != nil {
		fmt.Println(err)
		return
	}
	listing, err := source.List(context.Background(), "/services/api/")
	for _, entry := range listing.Entries {
		fmt.Println(entry.Key, entry.Value)
	}
	fmt.Println(err)
	// Output:
	// /services/api/api-7 {"v": 1, "service": "api", "id": "api-7", "host": "10.0.0.7", "port": 50051}
	// <nil>
}
