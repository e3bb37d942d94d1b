package dialect

// sectionCost is the memory charged for a section. lineCost is charged for each
// line beyond initialLineCap.
const (
	sectionCost = 704
	lineCost    = 128
)

// category is a section during parsing.
type category struct {
	name      string
	pos       Position
	template  bool
	bases     []string
	lines     []Line
	positions []Position
	// byKey maps folded keys to line indexes. The first "+=" of the section
	// builds it.
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

// moveFrom takes the lines of another section.
func (c *category) moveFrom(other *category) {
	c.appendAll(other.lines, other.positions)
	other.lines, other.positions = nil, nil
}

// lineIndexes returns the indexes of the lines with a key, ignoring case.
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
	// nonTemplate is the index of the first section that is not a template. A
	// section can become a template but never stops being one.
	nonTemplate int
}

func (x *sectionIndex) first() *category {
	if x == nil || len(x.list) == 0 {
		return nil
	}
	return x.list[0]
}

// firstNonTemplate returns the first section that is not a template, or nil.
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

// sectionsNamed returns the sections with a name, ignoring case. To Asterisk
// the empty name matches every section. The first lookup builds the index,
// because most files never need it.
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
