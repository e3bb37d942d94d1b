package dialect

import (
	"bytes"
	"strings"
)

// maxName is the longest name of a section that Asterisk keeps.
const maxName = 79

// parseHeader takes the line of a section, without its "[".
func (l *fileLoader) parseHeader(text []byte) error {
	name, rest, ok := bytes.Cut(text, []byte("]"))
	if !ok {
		return l.reportInvalidf(FindingNoBracket, `the section's name has no closing "]"`)
	}
	full := l.p.arena.copyText(name)
	c := l.p.arena.newCategory()
	c.name, c.pos = full, l.pos
	if len(full) > maxName {
		c.name = full[:maxName]
		l.reportPartialf(FindingNameTooLong, "the section's name is longer than %d bytes: Asterisk cuts it", maxName)
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

// reportTrailingText reports text behind a header.
func (l *fileLoader) reportTrailingText(rest []byte) {
	if len(rest) > 0 {
		l.reportPartialf(FindingTextAfterHeader, `Asterisk ignores what follows the header of a section; options such as (!) must follow the "]" without a blank`)
	}
}

// applyOptions applies what stands in parentheses behind a header: "!" makes a
// template, "+" goes on with a section that exists, anything else is a
// section to inherit from. They take effect one by one, from left to right.
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

// findAddition finds the section that "[name](+filter)" goes on with.
func (l *fileLoader) findAddition(name, filter string) (*category, error) {
	existing, err := l.findSection(name, filter)
	if err != nil {
		return nil, err
	}
	if existing == nil {
		return nil, l.reportInvalidf(FindingNoSuchSection, "there is no section %s before this line that lines could be added to; templates do not count", quoteName(name))
	}
	return existing, nil
}

// inherit copies the lines of a section into the current one.
func (l *fileLoader) inherit(name string) error {
	base := l.p.sectionsNamed(name).first()
	if base == nil {
		return l.reportInvalidf(FindingUnknownBase, "there is no section %s before this line to inherit from", quoteName(name))
	}
	if err := l.consume(0, len(base.lines)*lineCost+len(base.name)); err != nil {
		return err
	}
	if base == l.section && len(base.lines) > 0 {
		l.reportFatalf(FindingSelfInheritance, "section %s inherits from itself: Asterisk copies its lines for ever, until its memory is used up", quoteName(name))
		return errHalted
	}
	l.section.bases = append(l.section.bases, base.name)
	l.section.appendAll(base.lines, base.positions)
	return nil
}
