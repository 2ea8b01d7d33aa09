package cli

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// setting is one value that a role runs with, and where it came from.
type setting struct {
	Flag string `json:"flag"`
	// Value is as it would be written; a list has commas.
	Value string `json:"value"`
	// From is "flag", "environment" or "default". What a role fills in where
	// nothing is said, as its name, is a default too.
	From string `json:"from"`
	// Variable is the environment variable that stands for the flag.
	Variable string `json:"variable"`
}

// hidden stands for what is a secret, or may be one.
const hidden = "(hidden)"

// secretFlag finds flags whose values are secrets by their names: those of files
// that hold a secret are not.
var secretFlag = regexp.MustCompile(`(^|-)(token|password|secret|key|credentials)$`)

// userInfo is the user and password of a URL.
var userInfo = regexp.MustCompile(`://[^/@\s,]*@`)

// settingsOf are the values of all flags of the command, at the time of the call.
func settingsOf(parsed *kong.Context, env *environment) []setting {
	if parsed == nil {
		return []setting{}
	}
	given := make(map[*kong.Flag]bool)
	for _, p := range parsed.Path {
		if p.Flag != nil && !p.Resolved {
			given[p.Flag] = true
		}
	}
	settings := []setting{}
	for _, flag := range parsed.Flags() {
		name, ok := variable(flag.Name)
		if !ok {
			continue
		}
		s := setting{Flag: "--" + flag.Name, Value: written(flag.Target), From: "default", Variable: name}
		switch {
		case given[flag]:
			s.From = "flag"
		case slices.Contains(env.used, flag):
			s.From = "environment"
		}
		s.Value = userInfo.ReplaceAllString(s.Value, "://"+hidden+"@")
		if secretFlag.MatchString(flag.Name) && s.Value != "" {
			s.Value = hidden
		}
		settings = append(settings, s)
	}
	return settings
}

// written is a value as its flag takes it.
func written(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case period:
		return time.Duration(value).String()
	case span:
		return time.Duration(value).String()
	case intervalOrOff:
		if value == 0 {
			return "off"
		}
		return time.Duration(value).String()
	}
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(v.Interface())
	}
	parts := make([]string, v.Len())
	for i := range parts {
		parts[i] = written(v.Index(i))
	}
	return strings.Join(parts, ",")
}

// answerConfig shows the values that the role runs with.
func answerConfig(settings []setting) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, struct {
			Settings []setting `json:"settings"`
		}{settings})
	}
}
