package asteriskconf

import (
	"bytes"
	"strings"
)

// maxName is the longest name of a section that Asterisk keeps.
const maxName = 79

// header takes the line of a section, without its "[".
func (l *load) header(text []byte) error {
	name, rest, ok := bytes.Cut(text, []byte("]"))
	if !ok {
		return l.rejectf(FindingNoBracket, `the section's name has no closing "]"`)
	}
	full := l.p.slab.text(name)
	c := l.p.slab.category()
	c.name, c.at = full, l.at
	if len(full) > maxName {
		c.name = full[:maxName]
		l.lostf(FindingNameTooLong, "the section's name is longer than %d bytes: Asterisk cuts it", maxName)
	}
	if err := l.spend(0, sectionCost+len(c.name)); err != nil {
		return err
	}
	l.section = c
	if len(rest) == 0 || rest[0] != '(' {
		l.ignored(rest)
		l.p.add(c)
		return nil
	}
	options, rest, ok := bytes.Cut(rest[1:], []byte(")"))
	if !ok {
		return l.rejectf(FindingNoParenthesis, `the options of section %s have no closing ")"`, shown(full))
	}
	l.ignored(rest)
	return l.options(full, string(options), c)
}

// ignored reports text behind a header.
func (l *load) ignored(rest []byte) {
	if len(rest) > 0 {
		l.lostf(FindingTextAfterHeader, `Asterisk ignores what follows the header of a section; options such as (!) must follow the "]" without a blank`)
	}
}

// options applies what stands in parentheses behind a header: "!" makes a
// template, "+" goes on with a section that exists, anything else is a
// section to inherit from. They take effect one by one, from left to right.
func (l *load) options(name, list string, fresh *category) error {
	added := false
	for option := range strings.SplitSeq(list, ",") {
		switch {
		case option == "!":
			l.section.template = true
		case strings.HasPrefix(option, "+"):
			existing, err := l.addition(name, option[1:])
			if err != nil {
				return err
			}
			if !added {
				added = true
				l.p.current = existing
				existing.template = existing.template || fresh.template
				existing.moveFrom(fresh)
			}
			l.section = existing
		default:
			if err := l.inherit(option); err != nil {
				return err
			}
		}
	}
	if !added {
		l.p.add(fresh)
	}
	return nil
}

// addition finds the section that "[name](+filter)" goes on with.
func (l *load) addition(name, filter string) (*category, error) {
	existing, err := l.find(name, filter)
	if err != nil {
		return nil, err
	}
	if existing == nil {
		return nil, l.rejectf(FindingNoSuchSection, "there is no section %s before this line that lines could be added to; templates do not count", shown(name))
	}
	return existing, nil
}

// inherit copies the lines of a section into the current one.
func (l *load) inherit(name string) error {
	base := l.p.named(name).first()
	if base == nil {
		return l.rejectf(FindingUnknownBase, "there is no section %s before this line to inherit from", shown(name))
	}
	if err := l.spend(0, len(base.lines)*lineCost+len(base.name)); err != nil {
		return err
	}
	if base == l.section && len(base.lines) > 0 {
		l.haltf(FindingSelfInheritance, "section %s inherits from itself: Asterisk copies its lines for ever, until its memory is used up", shown(name))
		return errHalted
	}
	l.section.bases = append(l.section.bases, base.name)
	l.section.appendAll(base.lines, base.places)
	return nil
}
