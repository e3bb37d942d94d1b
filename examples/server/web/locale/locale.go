// Package locale has the languages and time zones that forms offer.
package locale

import (
	_ "embed"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/pbxusers/pbxusers/userman/usermail"
)

// zones are the zones of zone.tab of the IANA time zone database, which has one or
// more for each country, and UTC.
//
//go:embed zones.txt
var zones string

// TimeZones returns the names of the time zones, sorted.
func TimeZones() []string { return strings.Fields(zones) }

// Language is a language, with its name in that language.
type Language struct{ Tag, Name string }

// nameOf returns the name of a language in that language, with the country that a tag
// names.
func nameOf(tag language.Tag) string {
	name := display.Self.Name(tag)
	if _, _, region := tag.Raw(); region.IsCountry() {
		name += " (" + display.Regions(tag).Name(region) + ")"
	}
	return name
}

// Languages returns the languages of the built-in mail templates, then other common
// ones.
func Languages() []Language {
	tags := usermail.DefaultTemplates().Languages()
	for tag := range strings.FieldsSeq("ar bg cs da el et fi he hi hr hu id it ja ko lt lv nb nl pl pt pt-BR ro ru sk sl sr sv th tr uk vi zh-Hant") {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	languages := make([]Language, len(tags))
	for i, tag := range tags {
		languages[i] = Language{tag, nameOf(language.Make(tag))}
	}
	return languages
}
