package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// either is a node, or etcd where no node is named.
type either struct {
	Admin nodeURL `placeholder:"URL" help:"Ask this node's admin listener; etcd is read where it is left out."`
	etcdFlags
}

func (e either) node() node { return node{Admin: e.Admin, Timeout: e.Timeout, JSON: e.JSON} }

// Help lists the exit codes.
func (either) Help() string { return exitCodes() }

func query(p place) string {
	return "?" + url.Values{"service": {p.service}, "key": {p.sent}}.Encode()
}

// registryLs is "chatnode registry ls".
type registryLs struct {
	Service string `arg:"" help:"The service, for example api."`
	either
}

func (c *registryLs) run(ctx context.Context, s *session) error {
	directory, err := registry.Directory(c.Prefix, c.Service)
	if err != nil {
		return usagef("%w", err)
	}
	if c.Admin != "" {
		return c.ofNode(ctx, s)
	}
	source, err := c.open()
	if err != nil {
		return err
	}
	defer source.Close()
	listing, err := source.List(ctx, directory)
	if err != nil {
		return c.away(err)
	}
	records := judgeAll(c.Service, directory, listing)
	if c.JSON {
		return printJSON(s.stdout, records)
	}
	table := newTable(s.stdout, "KEY", "VERDICT", "ADDRESS", "STATE", "TTL", "INDEX")
	for _, r := range records {
		row(table, r.Key, r.Verdict, r.Address, r.State, r.TTL, r.Index)
	}
	return table.Flush()
}

func (c *registryLs) ofNode(ctx context.Context, s *session) error {
	var status actors.Status
	if err := c.node().ask(ctx, "GET", "/admin/state", nil, &status); err != nil {
		return err
	}
	for _, of := range status.Services {
		if of.Service != c.Service {
			continue
		}
		if c.JSON {
			return printJSON(s.stdout, of)
		}
		return printService(s, of)
	}
	return fmt.Errorf("%s does not watch the service %s", c.Admin, c.Service)
}

func printService(s *session, of actors.ServiceStatus) error {
	_, _ = fmt.Fprintf(s.stdout, "%s: source %s, %d to pick, generation %d, index %d\n", of.Directory, of.Source, of.Instances, of.Generation, of.Index)
	for _, g := range of.Guards {
		_, _ = fmt.Fprintf(s.stdout, "guard %s engaged for %v: %s\n", g.Guard, ms(g.AgeMS), safe(g.Reason))
	}
	table := newTable(s.stdout, "KEY", "ADDRESS", "STATUS", "STATE", "HOLD", "ORDER", "ORIGIN", "INDEX", "AGE")
	for _, r := range of.Rows {
		row(table, r.Key, r.Address, r.Status, r.State, r.Hold, r.Order, r.Origin, r.Index, ms(r.AgeMS))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, b := range of.Quarantined {
		_, _ = fmt.Fprintf(s.stdout, "bad: %s at index %d for %v: %s: %s\n", safe(b.Key), b.Index, ms(b.AgeMS), b.Class, safe(b.Reason))
	}
	for _, o := range of.Orders {
		_, _ = fmt.Fprintf(s.stdout, "order: %s is %s for %v: %s\n", safe(o.Key), o.Order, ms(o.AgeMS), safe(o.Reason))
	}
	return nil
}

// record is one key of etcd with its verdict. Its names are those of the JSON.
type record struct {
	Key     string         `json:"key"`
	Verdict string         `json:"verdict"` // "good", or the class
	Reason  string         `json:"reason,omitzero"`
	Sample  string         `json:"sample,omitzero"`
	Address string         `json:"address,omitzero"`
	State   string         `json:"state,omitzero"`
	TTL     string         `json:"ttl"`
	Index   registry.Index `json:"index"`
}

const verdictGood = "good"

func judgeAll(service, directory string, l registry.Listing) []record {
	records := []record{}
	for _, e := range l.Entries {
		if id, ok := registry.SplitKey(directory, e.Key); ok {
			records = append(records, judge(service, id, e))
		}
	}
	return records
}

// judge decodes with the real decoder.
func judge(service, id string, e registry.Entry) record {
	r := record{Key: e.Key, Verdict: verdictGood, TTL: e.TTL.String(), Index: e.Index}
	if e.TTL == 0 {
		r.TTL = "never"
	}
	in, err := registry.Decode(service, id, e.Value)
	if fault, bad := errors.AsType[*registry.Fault](err); bad {
		r.Verdict, r.Reason = fault.Class.String(), fault.Reason
		r.Sample = strconv.QuoteToASCII(e.Value[:min(len(e.Value), 60)])
		return r
	}
	r.Address, r.State = in.Address(), string(in.State)
	return r
}

// registryGet is "chatnode registry get".
type registryGet struct {
	Key string `arg:"" help:"The key: service/id, or whole as /services/api/api-7."`
	either
}

func (c *registryGet) run(ctx context.Context, s *session) error {
	p, err := parseKey(c.Prefix, c.Key)
	if err != nil {
		return err
	}
	if c.Admin != "" {
		return explain(ctx, s, c.node(), p)
	}
	source, err := c.open()
	if err != nil {
		return err
	}
	defer source.Close()
	e, err := source.Get(ctx, p.directory+p.id)
	if errors.Is(err, registry.ErrNotFound) {
		return fmt.Errorf("%s%s is not in etcd", p.directory, safe(p.id))
	} else if err != nil {
		return c.away(err)
	}
	r := judge(p.service, p.id, e)
	if c.JSON {
		return printJSON(s.stdout, r)
	}
	table := newTable(s.stdout, "KEY", "VERDICT", "ADDRESS", "STATE", "TTL", "INDEX", "REASON")
	row(table, r.Key, r.Verdict, r.Address, r.State, r.TTL, r.Index, r.Reason)
	return table.Flush()
}

// registryWhy is "chatnode registry why".
type registryWhy struct {
	Key string `arg:"" help:"The key: service/id, or whole as /services/api/api-7."`
	node
}

// Help lists the exit codes.
func (registryWhy) Help() string { return exitCodes() }

func (c *registryWhy) run(ctx context.Context, s *session) error {
	p, err := parseKey("", c.Key)
	if err != nil {
		return err
	}
	return explain(ctx, s, c.node, p)
}

func explain(ctx context.Context, s *session, n node, p place) error {
	var why actors.Why
	if err := n.ask(ctx, "GET", "/admin/why"+query(p), nil, &why); err != nil {
		return err
	}
	if n.JSON {
		return printJSON(s.stdout, why)
	}
	_, _ = fmt.Fprintf(s.stdout, "%s: %s\n", safe(why.Key), safe(why.Sentence))
	_, _ = fmt.Fprintf(s.stdout, "  source     %s, %s, last answer %v ago\n", why.Source, why.Staleness, ms(why.ConfirmedAgeMS))
	if r := why.Row; r != nil {
		_, _ = fmt.Fprintf(s.stdout, "  row        %s %s, %s, from %s, index %d\n", r.Status, safe(r.Address), safe(r.State), r.Origin, r.Index)
	}
	if b := why.Bad; b != nil {
		_, _ = fmt.Fprintf(s.stdout, "  quarantine %s at index %d for %v, judged %d times: %s\n", b.Class, b.Index, ms(b.AgeMS), b.Attempts, safe(b.Reason))
	}
	for _, g := range why.Guards {
		_, _ = fmt.Fprintf(s.stdout, "  guard      %s engaged for %v: %s\n", g.Guard, ms(g.AgeMS), safe(g.Reason))
	}
	if e := why.LastEvent; e != nil {
		_, _ = fmt.Fprintf(s.stdout, "  last event %s at %s %s\n", e.Kind, e.At.Format("15:04:05"), safe(e.Reason))
	}
	return nil
}

// registryExport is "chatnode registry export".
type registryExport struct {
	Key string `arg:"" help:"The key: service/id, or whole as /services/api/api-7."`
	either
}

func (c *registryExport) run(ctx context.Context, s *session) error {
	p, err := parseKey(c.Prefix, c.Key)
	if err != nil {
		return err
	}
	x, err := c.read(ctx, p)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.stdout, x)
	}
	verdict := verdictGood
	if x.Class != "" {
		verdict = x.Class + ": " + safe(x.Reason)
	}
	_, err = fmt.Fprintf(s.stdout, "key     %s\nindex   %d\nttl     %v\nlength  %d\nsha256  %s\nverdict %s\nvalue   %s\n",
		safe(x.Key), x.Index, ms(x.TTLMS), x.Length, safe(x.SHA256), verdict, strconv.QuoteToASCII(string(x.Value)))
	return err
}

func (c *registryExport) read(ctx context.Context, p place) (actors.Export, error) {
	var x actors.Export
	if c.Admin != "" {
		err := c.node().ask(ctx, "GET", "/admin/export"+query(p), nil, &x)
		return x, err
	}
	source, err := c.open()
	if err != nil {
		return x, err
	}
	defer source.Close()
	e, err := source.Get(ctx, p.directory+p.id)
	if errors.Is(err, registry.ErrNotFound) {
		return x, fmt.Errorf("%s%s is not in etcd", p.directory, safe(p.id))
	} else if err != nil {
		return x, c.away(err)
	}
	return actors.NewExport(p.service, p.id, e), nil
}
