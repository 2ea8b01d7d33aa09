package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// listCommand is "chatnode list".
type listCommand struct {
	Service string    `arg:"" help:"The service, for example api."`
	Etcd    []httpURL `default:"http://127.0.0.1:2379" help:"etcd endpoints, tried in order."`
	Prefix  string    `default:"/services" help:"Where the services' directories are."`
	Timeout period    `default:"5s" help:"How long to wait for etcd."`
}

// Help lists the exit codes.
func (listCommand) Help() string {
	return exitCodes("    3    a record does not decode; it is listed with the reason")
}

func (c *listCommand) run(ctx context.Context, s *session) error {
	directory, err := registry.Directory(c.Prefix, c.Service)
	if err != nil {
		return usagef("%w", err)
	}
	source, err := etcdv2.New(etcdv2.Config{Endpoints: texts(c.Etcd)})
	if err != nil {
		return usagef("--etcd: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.Timeout))
	defer cancel()
	listing, err := source.List(ctx, directory)
	if err != nil {
		return fmt.Errorf("etcd at %v cannot be read: %w; start it or name another with --etcd", c.Etcd, err)
	}
	return c.print(s, directory, listing)
}

// print writes one row a key; a record that does not decode shows why instead
// of where.
func (c *listCommand) print(s *session, directory string, listing registry.Listing) error {
	table := tabwriter.NewWriter(s.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tADDRESS\tSTATE\tZONE\tINCARNATION\tTTL\tINDEX")
	bad := 0
	for _, e := range listing.Entries {
		id, ok := registry.SplitKey(directory, e.Key)
		if !ok {
			continue
		}
		in, err := registry.Decode(c.Service, id, e.Value)
		if err != nil {
			bad++
			_, _ = fmt.Fprintf(table, "%s\tbad: %v\t\t\t\t%v\t%d\n", safe(id), err, e.TTL, e.Index)
			continue
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%v\t%d\n", id, in.Address(), in.State, in.Zone, in.Incarnation, e.TTL, e.Index)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return withCode(exitBad, fmt.Errorf("%d of %d records in %s do not decode; whoever announced them must write them again", bad, len(listing.Entries), directory))
	}
	return nil
}
