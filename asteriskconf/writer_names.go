package asteriskconf

// nameSet holds the names of the sections of a file. Files are mostly written
// in the order of their names, where each name is new that follows the last:
// only the first name out of order costs a map.
type nameSet struct {
	ordered []string
	all     map[string]struct{}
}

// add reports whether the name, compared without regard to case, is new.
func (n *nameSet) add(name string) bool {
	if traitsOf(name)&upper != 0 {
		name = foldName(name)
	}
	if n.all == nil {
		if len(n.ordered) == 0 || n.ordered[len(n.ordered)-1] < name {
			n.ordered = append(n.ordered, name)
			return true
		}
		n.all = make(map[string]struct{}, 2*len(n.ordered))
		for _, known := range n.ordered {
			n.all[known] = struct{}{}
		}
		n.ordered = nil
	}
	known := len(n.all)
	n.all[name] = struct{}{}
	return len(n.all) > known
}
