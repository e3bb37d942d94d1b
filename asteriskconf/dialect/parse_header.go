package dialect

import (
	"bytes"
	"strings"
)

// maxName is the longest section name in Asterisk, which truncates longer ones.
const maxName = 79

// parseHeader parses the header line of a section, without its "[".
func (l *fileLoader) parseHeader(text []byte) error {
	name, rest, ok := bytes.Cut(text, []byte("]"))
	if !ok {
		return l.reportInvalidf(FindingNoBracket, `the section name has no closing "]"`)
	}
	full := l.p.arena.copyText(name)
	c := l.p.arena.newCategory()
	c.name, c.pos = full, l.pos
	if len(full) > maxName {
		c.name = full[:maxName]
		l.reportPartialf(FindingNameTooLong, "the section name is longer than %d bytes; Asterisk truncates it", maxName)
	}
	if err := l.consume(0, sectionCost+len(c.name)); err != nil {
		return err
	}
	l.section = c
	if len(rest) == 0 || rest[0] != '(' {
		l.reportTrailingText(rest)
		l.p.addSection(c)
		return nil
	}
	options, rest, ok := bytes.Cut(rest[1:], []byte(")"))
	if !ok {
		return l.reportInvalidf(FindingNoParenthesis, `the options of section %s have no closing ")"`, quoteName(full))
	}
	l.reportTrailingText(rest)
	return l.applyOptions(full, string(options), c)
}

// reportTrailingText reports text after a header.
func (l *fileLoader) reportTrailingText(rest []byte) {
	if len(rest) > 0 {
		l.reportPartialf(FindingTextAfterHeader, `Asterisk ignores text after a section header; options such as (!) must directly follow the "]"`)
	}
}

// applyOptions applies the options in parentheses after a header, from left to
// right: "!" makes a template, "+" adds to an existing section, and anything
// else is a section to inherit from.
func (l *fileLoader) applyOptions(name, list string, section *category) error {
	added := false
	for option := range strings.SplitSeq(list, ",") {
		switch {
		case option == "!":
			l.section.template = true
		case strings.HasPrefix(option, "+"):
			existing, err := l.findAddition(name, option[1:])
			if err != nil {
				return err
			}
			if !added {
				added = true
				l.p.current = existing
				existing.template = existing.template || section.template
				existing.moveFrom(section)
			}
			l.section = existing
		default:
			if err := l.inherit(option); err != nil {
				return err
			}
		}
	}
	if !added {
		l.p.addSection(section)
	}
	return nil
}

// findAddition finds the section that "[name](+filter)" adds to.
func (l *fileLoader) findAddition(name, filter string) (*category, error) {
	existing, err := l.findSection(name, filter)
	if err != nil {
		return nil, err
	}
	if existing == nil {
		return nil, l.reportInvalidf(FindingNoSuchSection, "no section %s before this line to add to; templates do not count", quoteName(name))
	}
	return existing, nil
}

// inherit copies the lines of a section into the current one.
func (l *fileLoader) inherit(name string) error {
	base := l.p.sectionsNamed(name).first()
	if base == nil {
		return l.reportInvalidf(FindingUnknownBase, "no section %s before this line to inherit from", quoteName(name))
	}
	if err := l.consume(0, len(base.lines)*lineCost+len(base.name)); err != nil {
		return err
	}
	if base == l.section && len(base.lines) > 0 {
		l.reportFatalf(FindingSelfInheritance, "section %s inherits from itself; Asterisk copies its lines forever, until memory runs out", quoteName(name))
		return errHalted
	}
	l.section.bases = append(l.section.bases, base.name)
	l.section.appendAll(base.lines, base.positions)
	return nil
}
