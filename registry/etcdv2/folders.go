package etcdv2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-go/firebreak/registry"
)

// Folders reads the names of the directories directly under a directory (which
// ends in a slash), with quorum, sorted, without the hidden ones. A directory that
// does not exist has none.
func (r *Registry) Folders(ctx context.Context, directory string) ([]string, error) {
	key, err := directoryKey(directory)
	if err != nil {
		return nil, fmt.Errorf("etcd v2: folders: %w", err)
	}
	a, err := r.ask(ctx, "folders", directory, readRequest(key))
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var names []string
	for i := range a.Node.Nodes {
		if child := &a.Node.Nodes[i]; child.Dir && visibleChild(directory, child.Key) {
			names = append(names, strings.TrimPrefix(child.Key, directory))
		}
	}
	slices.Sort(names)
	return names, nil
}
