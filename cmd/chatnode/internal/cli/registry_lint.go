package cli

import (
	"context"
	"fmt"

	"github.com/firebreak-go/firebreak/registry"
)

// registryLint is "chatnode registry lint".
type registryLint struct {
	etcdFlags
}

// Help lists the exit codes.
func (registryLint) Help() string {
	return "Records of another version are listed, and are no fault: a newer writer is ahead.\n\n" +
		exitCodes("    3    a record is bad: it is listed with its class, index and an excerpt")
}

// lintResult is what --json prints.
type lintResult struct {
	Directories int      `json:"directories"`
	Records     int      `json:"records"`
	Bad         int      `json:"bad"`
	Findings    []record `json:"findings"`
}

func (c *registryLint) run(ctx context.Context, s *session) error {
	if _, err := registry.Directory(c.Prefix, "any"); err != nil {
		return usagef("--prefix: %w", err)
	}
	source, err := c.open()
	if err != nil {
		return err
	}
	defer source.Close()
	services, err := source.Folders(ctx, c.Prefix+"/")
	if err != nil {
		return c.away(err)
	}
	result := lintResult{Findings: []record{}}
	for _, service := range services {
		directory := c.Prefix + "/" + service + "/"
		listing, err := source.List(ctx, directory)
		if err != nil {
			return c.away(err)
		}
		result.Directories++
		for _, r := range judgeAll(service, directory, listing) {
			result.Records++
			if r.Verdict == verdictGood {
				continue
			}
			result.Findings = append(result.Findings, r)
			if r.Verdict != registry.ClassUnsupported.String() {
				result.Bad++
			}
		}
	}
	if err := c.print(s, result); err != nil {
		return err
	}
	if result.Bad > 0 {
		return withCode(exitBad, fmt.Errorf("%d of %d records below %s are bad; whoever announced them must write them again", result.Bad, result.Records, c.Prefix))
	}
	return nil
}

func (c *registryLint) print(s *session, result lintResult) error {
	if c.JSON {
		return printJSON(s.stdout, result)
	}
	if len(result.Findings) > 0 {
		table := newTable(s.stdout, "KEY", "CLASS", "INDEX", "TTL", "REASON", "EXCERPT")
		for _, r := range result.Findings {
			row(table, r.Key, r.Verdict, r.Index, r.TTL, r.Reason, r.Sample)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(s.stdout, "%d records in %d directories below %s: %d bad\n", result.Records, result.Directories, c.Prefix, result.Bad)
	return err
}
