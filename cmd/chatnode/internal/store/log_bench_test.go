package store

import (
	"fmt"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// One more change in a log that is short, full, and full for long, ten in a
// transaction that is not synced. Its cost does not grow with what has been.
func BenchmarkAddChange(b *testing.B) {
	for _, before := range []uint64{10, keptChanges, 100 * keptChanges} {
		b.Run(fmt.Sprintf("after=%d", before), func(b *testing.B) {
			d, err := openDatabase(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = d.close() }()
			d.bolt.NoSync = true
			change := &wire.Change{Kind: wire.Change_MESSAGE_CREATED, ChannelId: 1 << 60, MessageId: 1 << 61}
			// As writes that meet share a transaction.
			add := func(guild uint64, count int) {
				for left := count; left > 0; left -= 10 {
					err := d.bolt.Update(func(tx *bbolt.Tx) error {
						for range min(left, 10) {
							if _, err := addChange(tx, guild, change); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			for guild := range uint64(20) { // neighbours
				add(1+guild*2, keptChanges)
			}
			add(10, int(before))
			b.ReportAllocs()
			b.ResetTimer()
			add(10, b.N)
		})
	}
}
