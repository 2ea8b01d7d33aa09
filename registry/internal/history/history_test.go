package history_test

import (
	"errors"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/internal/history"
)

const api = "/services/api/"

func put(key string) registry.Change {
	return registry.Change{Kind: registry.ChangePut, Entry: registry.Entry{Key: key}}
}

func TestAfter(t *testing.T) {
	h := history.New(100)
	h.Append(api, put(api+"a"))                          // 101
	h.Append("/services/api2/", put("/services/api2/a")) // 102
	h.Skip()                                             // 103
	h.Append(api, put(api+"b"))                          // 104
	h.Append(api+"sub/", put(api+"sub/a"))               // 105
	for after, want := range map[registry.Index]struct {
		index registry.Index
		err   error
	}{
		99:  {0, registry.ErrHistoryLost},
		100: {101, nil},
		101: {104, nil},
		103: {104, nil},
		104: {0, nil},
		200: {0, nil}, // it may come
	} {
		c, found, err := h.After(api, after)
		if !errors.Is(err, want.err) || c.Index != want.index || found != (want.index != 0) {
			t.Errorf("after %d: got index %d, %t, %v, want %d, %v", after, c.Index, found, err, want.index, want.err)
		}
		if found && (c.Head != 105 || c.Entry.Index != c.Index) {
			t.Errorf("after %d: got head %d and the entry at %d, want 105 and the change's", after, c.Head, c.Entry.Index)
		}
	}
}

func TestForgets(t *testing.T) {
	h := history.New(0)
	for range history.Size {
		h.Append(api, put(api+"a"))
	}
	if c, found, err := h.After(api, 0); err != nil || !found || c.Index != 1 {
		t.Errorf("from the beginning of what is remembered: got %d, %t, %v, want 1", c.Index, found, err)
	}
	h.Append("/other/", put("/other/a"))
	if _, _, err := h.After(api, 0); !errors.Is(err, registry.ErrHistoryLost) {
		t.Errorf("after one more change elsewhere: got %v, want %v", err, registry.ErrHistoryLost)
	}
	if c, found, err := h.After(api, 1); err != nil || !found || c.Index != 2 {
		t.Errorf("from the new beginning: got %d, %t, %v, want 2", c.Index, found, err)
	}
}
