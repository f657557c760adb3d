package study

import (
	"slices"
	"strconv"
	"strings"

	"echoline/internal/fault"
)

// foreign are the modalities that are set aside in a study of ultrasound, where nobody asked for the file itself. What
// files of other kinds say, secondary captures above all, may be ultrasound.
var foreign = map[string]bool{
	"CT": true, "MR": true, "CR": true, "DX": true, "DR": true, "MG": true, "PT": true, "NM": true, "ST": true, "XA": true,
	"RF": true, "IO": true, "PX": true, "OP": true, "OPT": true, "OCT": true, "OAM": true, "OPV": true, "SM": true, "GM": true,
	"BMD": true, "BI": true, "DG": true, "LS": true, "TG": true, "LEN": true, "AR": true, "KER": true, "VA": true, "SRF": true,
	"RTIMAGE": true, "RTDOSE": true, "ECG": true, "EPS": true, "HD": true, "IVOCT": true, "DMS": true, "OSS": true,
}

// collect sorts what became of the files, and gives the items unique names and IDs.
func (st *Study) collect(found []candidate) {
	st.dropCopies()
	ultrasound := false
	for i := range st.Files {
		f := &st.Files[i]
		ultrasound = ultrasound || f.opened() && !(foreign[f.Item.Modality] && !found[i].named)
	}
	names := map[string]bool{}
	for i := range st.Files {
		f := &st.Files[i]
		switch {
		case f.Refused != nil:
			st.Refused = append(st.Refused, f.Refused)
			continue
		case f.Skipped != "":
			st.Skipped = append(st.Skipped, Skipped{f.Path, f.Skipped})
			continue
		}
		f.Item.Name = unique(baseName(f.Path), names)
		if ultrasound && foreign[f.Item.Modality] && !found[i].named {
			st.Aside = append(st.Aside, f.Item)
			continue
		}
		st.Items = append(st.Items, f.Item)
	}
	uniqueIDs(st.Items)
	sortItems(st.Items)
	sortItems(st.Aside)
}

// Unshown says of every file that is listed without being worked on why: those that were refused, and the images of other
// modalities.
func (st *Study) Unshown() []*fault.Error {
	out := slices.Clone(st.Refused)
	for _, it := range st.Aside {
		out = append(out, fault.New(CodeModality, it.Path, nil, fault.Args{"Modality": it.Modality}))
	}
	return out
}

// opened tells whether the file is one that can be shown.
func (f *File) opened() bool { return f.Refused == nil && f.Skipped == "" && f.Item != nil }

// dropCopies sets aside files that are, byte for byte, one that came before: discs and exports hold instances twice. Other
// formats have no instances; two of their files that look alike are two.
func (st *Study) dropCopies() {
	byUID := map[string][]*Item{}
	for i := range st.Files {
		f := &st.Files[i]
		if !f.opened() || f.Item.Header == nil {
			continue
		}
		it := f.Item
		if len(byUID[it.ID]) > 0 {
			it.sum = it.contentSum()
			for _, o := range byUID[it.ID] {
				if o.sum == "" {
					o.sum = o.contentSum()
				}
				if o.sum == it.sum && it.sum != "" && f.Skipped == "" {
					f.Skipped = CodeCopy
				}
			}
		}
		if f.Skipped == "" {
			byUID[it.ID] = append(byUID[it.ID], it)
		}
	}
}

// contentSum is the SHA-256 of the item's file; "" where it cannot be read.
func (it *Item) contentSum() string {
	s, ok := it.source.(fileFrames)
	if !ok {
		return ""
	}
	f, err := s.reopen()
	if err != nil {
		return ""
	}
	defer f.Close()
	h, err := sum(f, s.size)
	if err != nil {
		return ""
	}
	return h
}

// unique returns name, or name with the first of -2, -3, … that is free. Case does not tell names apart: some file
// systems do not either.
func unique(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = name + "-" + strconv.Itoa(n)
	}
	taken[strings.ToLower(free)] = true
	return free
}

// uniqueIDs tells instances of the same UID apart by their content, so that no mask of one ever lies on another.
func uniqueIDs(items []*Item) {
	count := map[string]int{}
	for _, it := range items {
		count[it.ID]++
	}
	taken := map[string]bool{}
	for _, it := range items {
		if count[it.ID] > 1 && it.sum != "" {
			it.ID += "/sha256:" + it.sum
		}
		it.ID = unique(it.ID, taken)
	}
}
