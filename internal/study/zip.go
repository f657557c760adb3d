package study

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"echoline/internal/fault"
)

// Limits on zip archives.
const (
	maxMembers     = 100_000
	minUnpackable  = 64 << 20 // of all members together; below that, the ratio does not matter
	encryptedFlag  = 1
	zipMark        = "PK\x03\x04"
	emptyZipMark   = "PK\x05\x06"
	archiveNesting = 64 // names between an archive and a member of it
)

// archive is a zip file whose members are read in place: nothing is unpacked onto the disk.
type archive struct {
	file  original
	cache *cache // of the members that were unpacked last
	left  int64  // how much may be unpacked in all while it is opened
}

// member is a file in an archive.
type member struct {
	of           *archive
	off          int64 // of its first byte in the archive
	packed, size int64
	crc          uint32
	deflated     bool
}

// isZip tells whether a file is a zip archive.
func isZip(path string) bool {
	f, o, err := openOriginal(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4)
	return o.size >= 4 && readFull(f, head, 0) == nil && (string(head) == zipMark || string(head) == emptyZipMark)
}

// readArchive lists the members of a zip archive in natural order. Those whose names lead out of it are refused, like those
// that are encrypted, packed in a way that is not read, or too large.
func readArchive(path string, shared *cache) ([]candidate, error) {
	f, o, err := openOriginal(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := zip.NewReader(f, o.size)
	if err != nil {
		return nil, fault.New(CodeDamaged, "", err, nil)
	}
	if len(z.File) > maxMembers {
		return nil, tooLarge("> %d files", maxMembers)
	}
	a := &archive{file: o, cache: shared, left: max(maxExpansion*o.size, minUnpackable)}
	var out []candidate
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") || strings.HasSuffix(f.Name, `\`) {
			continue
		}
		out = append(out, a.candidate(f))
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return natural(a.path, b.path) })
	return out, nil
}

// candidate is a member to open.
func (a *archive) candidate(f *zip.File) candidate {
	name := strings.ReplaceAll(f.Name, `\`, "/") // some archives of Windows have these
	inside := filepath.FromSlash(path.Clean("/" + printable(name)))
	c := candidate{path: a.file.path + inside, asked: promises(name)}
	m := &member{
		of: a, packed: int64(f.CompressedSize64), size: int64(f.UncompressedSize64), crc: f.CRC32,
		deflated: f.Method == zip.Deflate,
	}
	off, err := f.DataOffset()
	switch {
	case !filepath.IsLocal(filepath.FromSlash(name)) || strings.Contains(name, ":"):
		c.failed = fault.New(CodeOutside, c.path, nil, nil)
	case f.Flags&encryptedFlag != 0:
		c.failed = fault.New(CodeMember, c.path, nil, fault.Args{"How": "encrypted"})
	case !m.deflated && f.Method != zip.Store:
		c.failed = fault.New(CodeMember, c.path, nil, fault.Args{"How": f.Method})
	case err != nil:
		c.failed = fault.New(CodeDamaged, c.path, err, nil)
	case !m.deflated && m.packed != m.size, off < 0, m.packed < 0, m.size < 0, off+m.packed > a.file.size:
		c.failed = fault.New(CodeTruncated, c.path, nil, nil)
	case m.deflated && (m.size > maxInflated || m.size > max(maxExpansion*m.packed, minInflatable)):
		c.failed = asFault(c.path, tooLarge("%d MiB", m.size>>20))
	default:
		if m.off = off; m.deflated {
			a.left -= m.size
		}
		if a.left < 0 {
			c.failed = asFault(c.path, tooLarge("> %d MiB", max(maxExpansion*a.file.size, minUnpackable)>>20))
		}
	}
	c.member = m
	return c
}

// open returns the member's content. Stored ones are read from the archive as they are needed; others are unpacked into
// memory and kept for a while.
func (m *member) open() (opened, error) {
	f, err := m.of.file.reopen()
	if err != nil {
		return nil, err
	}
	if !m.deflated {
		return piece{io.NewSectionReader(f, m.off, m.packed), f}, nil
	}
	defer f.Close()
	data, err := m.of.cache.get(cacheKey{m, 0}, func() (any, int64, error) {
		b, err := m.unpack(f)
		return b, int64(len(b)), err
	})
	if err != nil {
		return nil, err
	}
	return piece{bytes.NewReader(data.([]byte)), io.NopCloser(nil)}, nil
}

// unpack inflates the member, of which the size and the sum are known.
func (m *member) unpack(f io.ReaderAt) ([]byte, error) {
	z := flate.NewReader(io.NewSectionReader(f, m.off, m.packed))
	defer z.Close()
	b := make([]byte, m.size)
	if _, err := io.ReadFull(z, b); err != nil {
		return nil, decoderFault(err)
	}
	if n, _ := z.Read(make([]byte, 1)); n > 0 || crc32.ChecksumIEEE(b) != m.crc {
		return nil, damaged("checksum of a file in a zip archive")
	}
	return b, nil
}

// piece reads what lies in a file, which is closed with it.
type piece struct {
	io.ReaderAt
	io.Closer
}

// archiveOf finds the archive that a path leads into, and the rest of the path below it; "" where there is none.
func archiveOf(path string) (archive, rest string) {
	for range archiveNesting {
		dir := filepath.Dir(path)
		if dir == path || dir == "." {
			return "", ""
		}
		rest = filepath.Join(filepath.Base(path), rest)
		if info, err := os.Stat(dir); err == nil {
			if info.Mode().IsRegular() && isZip(dir) {
				return dir, rest
			}
			return "", ""
		}
		path = dir
	}
	return "", ""
}
