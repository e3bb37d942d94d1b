package userman

// nameTable tells the place of each name of a list. It is made once and then
// only read, some fifty times for each answer to what somebody may do, which is
// why it is no map: those keep room to grow, hash against hostile keys, and
// take nearly twice as long.
type nameTable struct {
	// slots are a power of two, and most of them empty: the name is "".
	slots []nameSlot
}

type nameSlot struct {
	name  string
	index int
}

// newNameTable returns the table of names, of which none is empty; of two that
// are the same it finds the first.
func newNameTable(names []string) nameTable {
	size := 4
	for size < 4*len(names) {
		size *= 2
	}
	t := nameTable{slots: make([]nameSlot, size)}
	for i, name := range names {
		if slot := t.slot(name); slot.name == "" {
			*slot = nameSlot{name, i}
		}
	}
	return t
}

// find returns the place of a name.
func (t nameTable) find(name string) (place int, ok bool) {
	slot := t.slot(name)
	return slot.index, slot.name != ""
}

// slot returns where a name is, or where it would be put.
func (t nameTable) slot(name string) *nameSlot {
	last := uint64(len(t.slots)) - 1
	for i := hashName(name) & last; ; i = (i + 1) & last {
		if slot := &t.slots[i]; slot.name == name || slot.name == "" {
			return slot
		}
	}
}

// hashName mixes eight bytes at a time. The factor is 2^64 divided by the golden
// ratio, which scatters neighbours (Knuth, section 6.4).
func hashName(name string) uint64 {
	const factor = 0x9E3779B97F4A7C15
	hash := uint64(len(name)) * factor
	for ; len(name) > 8; name = name[8:] {
		hash = (hash ^ eightBytes(name)) * factor
		hash ^= hash >> 32
	}
	rest := uint64(0)
	for i := range len(name) {
		rest = rest<<8 | uint64(name[i])
	}
	hash = (hash ^ rest) * factor
	return hash >> 32
}

// eightBytes reads the beginning of a name, in one instruction.
func eightBytes(name string) uint64 {
	_ = name[7]
	return uint64(name[0]) | uint64(name[1])<<8 | uint64(name[2])<<16 | uint64(name[3])<<24 |
		uint64(name[4])<<32 | uint64(name[5])<<40 | uint64(name[6])<<48 | uint64(name[7])<<56
}
