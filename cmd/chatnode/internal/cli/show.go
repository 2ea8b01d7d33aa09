package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

// helpFlag prints the help of the command it stands behind and ends the run.
type helpFlag bool

// BeforeReset runs as soon as the flag is seen, so that a missing or bad flag
// does not come in the way of reading about it.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	if err := ctx.PrintUsage(false); err != nil {
		return err
	}
	return errShown
}

// versionFlag prints which build this is and ends the run.
type versionFlag bool

// BeforeReset runs as soon as the flag is seen.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	info, _ := debug.ReadBuildInfo()
	_, _ = fmt.Fprintln(app.Stdout, version(info))
	return errShown
}

// version says which build info describes; info is nil in a build without modules.
func version(info *debug.BuildInfo) string {
	words := []string{"chatnode"}
	if info == nil {
		return strings.Join(append(words, "(unknown build)", runtime.Version()), " ")
	}
	words = append(words, info.Main.Version)
	settings := make(map[string]string, len(info.Settings))
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		words = append(words, "revision", revision)
		if settings["vcs.modified"] == "true" {
			words = append(words, "(modified)")
		}
	}
	return strings.Join(append(words, info.GoVersion, settings["GOOS"]+"/"+settings["GOARCH"]), " ")
}
