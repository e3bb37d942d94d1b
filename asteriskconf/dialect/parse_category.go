package dialect

// What a section, and a line beyond the usual number, cost of the memory that
// Parse may take.
const (
	sectionCost = 704
	lineCost    = 128
)

// category is a section while it is read.
type category struct {
	name      string
	pos       Position
	template  bool
	bases     []string
	lines     []Line
	positions []Position
	// byKey finds the lines of a key, by its folded name. It is made for the
	// first "+=" of the section.
	byKey map[string][]int
}

// append adds a line at the end.
func (c *category) append(line Line, at Position) {
	if c.byKey != nil {
		key := FoldName(line.Key)
		c.byKey[key] = append(c.byKey[key], len(c.lines))
	}
	c.lines = append(c.lines, line)
	c.positions = append(c.positions, at)
}

func (c *category) appendAll(lines []Line, places []Position) {
	for i := range lines {
		c.append(lines[i], places[i])
	}
}

// moveFrom takes over the lines of another section.
func (c *category) moveFrom(other *category) {
	c.appendAll(other.lines, other.positions)
	other.lines, other.positions = nil, nil
}

// lineIndexes returns the places of a key in the section, without regard to case.
func (c *category) lineIndexes(key string) []int {
	if c.byKey == nil {
		c.byKey = make(map[string][]int, len(c.lines))
		for i := range c.lines {
			k := FoldName(c.lines[i].Key)
			c.byKey[k] = append(c.byKey[k], i)
		}
	}
	return c.byKey[FoldName(key)]
}

// sectionIndex is a list of sections in file order.
type sectionIndex struct {
	list []*category
	// nonTemplate is the place of the first section that is no template. A section
	// may become a template, but never stops being one.
	nonTemplate int
}

func (x *sectionIndex) first() *category {
	if x == nil || len(x.list) == 0 {
		return nil
	}
	return x.list[0]
}

// firstNonTemplate returns the first section that is no template.
func (x *sectionIndex) firstNonTemplate() *category {
	if x == nil {
		return nil
	}
	for x.nonTemplate < len(x.list) && x.list[x.nonTemplate].template {
		x.nonTemplate++
	}
	if x.nonTemplate == len(x.list) {
		return nil
	}
	return x.list[x.nonTemplate]
}

// addSection appends a section to the configuration.
func (p *parser) addSection(c *category) {
	p.sections.list = append(p.sections.list, c)
	p.current = c
	if p.byName != nil {
		p.indexName(c)
	}
}

// sectionsNamed returns the sections of a name, without regard to case. To Asterisk
// the empty name is that of every section. The index is made when a section
// is looked for the first time, because most files never do.
func (p *parser) sectionsNamed(name string) *sectionIndex {
	if p.byName == nil {
		p.byName = make(map[string]*sectionIndex, len(p.sections.list))
		for _, c := range p.sections.list {
			p.indexName(c)
		}
	}
	if name == "" {
		return &p.sections
	}
	return p.byName[FoldName(name)]
}

func (p *parser) indexName(c *category) {
	name := FoldName(c.name)
	x := p.byName[name]
	if x == nil {
		x = &sectionIndex{}
		p.byName[name] = x
	}
	x.list = append(x.list, c)
}
