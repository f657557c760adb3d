package panel

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// Browse says what a person is to choose.
type Browse struct {
	Title    func() string        // what it is for; nil: opening, or choosing a folder
	Folder   bool                 // a folder, to write into
	File     bool                 // one file; with neither, files or folders, to open
	Choose   func(n int) string   // what is done with n picked files or folders, with this folder where n is 0; nil: they are opened
	Start    string               // folder to begin in; "" for the home folder
	Recent   []string             // paths of files or folders to offer
	OnChosen func(paths []string) // at least one path
	OnCancel func()               // nothing was chosen; may be nil

	// Run does the reading of folders beside the window, and Post brings what it found back. The zero values use a
	// goroutine and the window's own queue.
	Run  func(func())
	Post func(func())
}

// Browser chooses files and folders. It reads folders beside the window, so that one with ten thousand files, or on a slow
// network drive, holds nothing up.
type Browser struct {
	*Card
	b       Browse
	lister  lister
	dir     string
	chosen  bool
	entries []entry
	picked  map[string]bool
	anchor  int
	typed   string
	typedAt time.Time
	tapped  string // what the last tap was on, to know a double tap
	tapAt   time.Time

	path   *field
	up     *button
	list   *rows
	state  *paragraph
	choose *button
}

// ShowBrowser opens the browser.
func ShowBrowser(w fyne.Window, b Browse) *Browser {
	if b.Run == nil {
		b.Run = func(f func()) { go f() }
	}
	if b.Post == nil {
		b.Post = fyne.Do
	}
	p := &Browser{b: b, picked: map[string]bool{}}
	p.lister = lister{run: b.Run, post: b.Post}
	p.path = newField("")
	p.path.onEnter = p.goTyped
	p.path.away = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDown {
			w.Canvas().Focus(p.list)
		}
		return e.Name == fyne.KeyDown
	}
	p.up = newButton("arrow-up", nil, plain, p.goUp)
	p.list = newRows(entryHeight, func() int { return len(p.entries) }, func() rowWidget { return newEntryRow(p) })
	p.list.onCursor = p.cursorMoved
	p.list.onKey = p.key
	p.list.onRune = p.jumpTo
	p.state = newParagraph(fixed(""), roleQuiet, textSize)
	p.choose = newButton("", p.chooseText, primary, p.done)
	title := say("panel.browser.open")
	switch {
	case b.Title != nil:
		title = b.Title
	case b.Folder:
		title = say("panel.browser.folder")
	}
	content := container.New(&browserLayout{}, p.places(), newRow(gap, 1, p.up, container.New(tall{9 * unit}, p.path)), p.list, p.state)
	p.Card = newCard(w, title, 760, content)
	p.height = 560
	p.OnClosed = p.closed
	p.buttons = []*button{p.closeButton(sayCancel), p.choose}
	p.show(p.list)
	start := b.Start
	if fi, err := os.Stat(start); start == "" || err != nil || !fi.IsDir() {
		start, _ = os.UserHomeDir()
	}
	p.goTo(start)
	return p
}

// places are the folders to go to at once.
func (p *Browser) places() fyne.CanvasObject {
	var items []fyne.CanvasObject
	add := func(icon string, name func() string, path string) {
		items = append(items, newPlace(icon, name, func() { p.goTo(path) }))
	}
	if home, err := os.UserHomeDir(); err == nil {
		add("house", say("panel.browser.home"), home)
		for _, name := range []string{"Desktop", "Documents", "Downloads"} {
			if fi, err := os.Stat(filepath.Join(home, name)); err == nil && fi.IsDir() {
				add("folder", fixed(name), filepath.Join(home, name))
			}
		}
	}
	for _, d := range drives() {
		add("hard-drive", fixed(d), d)
	}
	if len(p.b.Recent) > 0 {
		items = append(items, newLabel(say("panel.browser.recent"), roleQuiet, quietSize+1))
	}
	for _, r := range p.b.Recent {
		items = append(items, newPlace("history", fixed(filepath.Base(r)), func() { p.goToOrPick(r) }))
	}
	return newScrolled(newColumn(2, 0, items...))
}

func newPlace(icon string, name func() string, onTap func()) *button {
	b := newButton(icon, name, flat, onTap)
	b.left = true
	return b
}

// goToOrPick goes to a folder, or to the folder of a file with that file picked.
func (p *Browser) goToOrPick(path string) {
	if fi, err := os.Stat(path); err == nil && !fi.IsDir() {
		p.goTo(filepath.Dir(path))
		if !p.b.Folder {
			p.picked[path] = true
			p.changed()
		}
		return
	}
	p.goTo(path)
}

// goTo shows a folder.
func (p *Browser) goTo(dir string) {
	from := p.dir
	p.dir = filepath.Clean(dir)
	p.entries, p.picked, p.anchor = nil, map[string]bool{}, -1
	p.list.cursor = -1
	p.path.SetText(p.dir)
	p.state.set(text.T("panel.browser.reading"))
	p.changed()
	p.lister.list(p.dir, p.b.Folder, func(all []entry, more bool, err error) { p.arrived(all, more, err, from) })
}

// arrived shows what has been read so far. Coming from a folder inside this one, the cursor stands on it.
func (p *Browser) arrived(all []entry, more bool, err error, from string) {
	p.entries = all
	switch {
	case err != nil:
		p.state.set(text.T("panel.browser.unreadable"))
	case more:
		p.state.set(text.N("panel.browser.reading_count", len(all)))
	case len(all) == 0:
		p.state.set(text.T("panel.browser.empty"))
	default:
		p.state.set(text.N("panel.browser.count", len(all)))
	}
	p.changed()
	if more || len(all) == 0 {
		return
	}
	at := 0
	for i, e := range all {
		if filepath.Join(p.dir, e.name) == from {
			at = i
		}
	}
	p.list.setCursor(at)
}

func (p *Browser) goUp() { p.goTo(filepath.Dir(p.dir)) }

// goTyped follows the typed path: into a folder, or to a file.
func (p *Browser) goTyped() {
	path := strings.TrimSpace(p.path.Text)
	if rest, ok := strings.CutPrefix(path, "~"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			path = home + rest
		}
	}
	if path = filepath.Clean(path); path == p.dir {
		p.done()
		return
	}
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		p.state.set(text.T("panel.browser.missing"))
		p.content.Refresh()
	case fi.IsDir():
		p.goTo(path)
		p.window.Canvas().Focus(p.list)
	case !p.b.Folder:
		p.finish([]string{path})
	}
}

func (p *Browser) changed() {
	p.choose.disabled = p.b.File && !p.filePicked()
	p.list.changed()
	p.choose.Refresh()
	p.content.Refresh()
}

// chooseText names what the primary button would do.
func (p *Browser) chooseText() string {
	switch n := len(p.picked); {
	case p.b.Choose != nil:
		return p.b.Choose(n)
	case p.b.File:
		return text.T("panel.browser.use_file")
	case p.b.Folder && n > 0:
		return text.T("panel.browser.use_selected")
	case p.b.Folder:
		return text.T("panel.browser.use_folder")
	case n == 0:
		return text.T("panel.browser.open_folder")
	default:
		return text.N("panel.browser.open_count", n)
	}
}

// filePicked reports whether what is picked is no folder.
func (p *Browser) filePicked() bool {
	return slices.ContainsFunc(p.entries, func(e entry) bool { return !e.dir && p.picked[filepath.Join(p.dir, e.name)] })
}

// done chooses what is picked, or the folder that is shown where one may be chosen.
func (p *Browser) done() {
	if p.b.File && !p.filePicked() {
		return
	}
	var paths []string
	for _, e := range p.entries {
		if path := filepath.Join(p.dir, e.name); p.picked[path] {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		paths = []string{p.dir}
	}
	p.finish(paths)
}

func (p *Browser) finish(paths []string) {
	p.chosen = true
	p.Close()
	call(p.b.OnChosen, paths)
}

// closed drops what is still being read.
func (p *Browser) closed() {
	p.lister.stop()
	if !p.chosen && p.b.OnCancel != nil {
		p.b.OnCancel()
	}
}

// doubleTap is the longest time between two taps that count as one.
const doubleTap = 400 * time.Millisecond

// tap picks row i; with Control it adds to or takes from what is picked, with Shift it picks up to there.
func (p *Browser) tap(i int, mod fyne.KeyModifier) {
	path := filepath.Join(p.dir, p.entries[i].name)
	again := p.tapped == path && time.Since(p.tapAt) < doubleTap
	p.tapped, p.tapAt = path, time.Now()
	if again {
		p.activate(i)
		return
	}
	p.pick(i, mod)
	p.list.setCursor(i)
	p.window.Canvas().Focus(p.list)
}

// several reports whether more than one thing may be picked.
func (p *Browser) several() bool { return !p.b.Folder && !p.b.File }

func (p *Browser) pick(i int, mod fyne.KeyModifier) {
	path := filepath.Join(p.dir, p.entries[i].name)
	switch {
	case mod&fyne.KeyModifierShift != 0 && p.anchor >= 0 && p.several():
		p.picked = map[string]bool{}
		for k := min(i, p.anchor); k <= max(i, p.anchor); k++ {
			p.picked[filepath.Join(p.dir, p.entries[k].name)] = true
		}
	case mod&fyne.KeyModifierShortcutDefault != 0 && p.several():
		if p.picked[path] {
			delete(p.picked, path)
		} else {
			p.picked[path] = true
		}
		p.anchor = i
	default:
		p.picked = map[string]bool{path: true}
		p.anchor = i
	}
	p.changed()
}

// activate goes into a folder, or chooses a file with what is picked beside it.
func (p *Browser) activate(i int) {
	e := p.entries[i]
	if e.dir {
		p.goTo(filepath.Join(p.dir, e.name))
		return
	}
	if !p.several() {
		p.picked = map[string]bool{}
	}
	p.picked[filepath.Join(p.dir, e.name)] = true
	p.done()
}

// cursorMoved picks what the arrows lead to; with Shift it picks everything on the way.
func (p *Browser) cursorMoved(i int) { p.pick(i, modifiers()&fyne.KeyModifierShift) }

// key is the list's keyboard: Enter opens, Backspace goes up, Space adds to what is picked.
func (p *Browser) key(e *fyne.KeyEvent) bool {
	i := p.list.cursor
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if i < 0 {
			return false
		}
		p.activate(i)
	case fyne.KeyBackspace, fyne.KeyLeft:
		p.goUp()
	case fyne.KeyRight:
		if i >= 0 && p.entries[i].dir {
			p.activate(i)
		}
	case fyne.KeySpace:
		if i >= 0 {
			p.pick(i, fyne.KeyModifierShortcutDefault)
		}
	default:
		return false
	}
	return true
}

// jumpTo moves the cursor to the first name that starts with what was typed of late. A path is typed into its field.
func (p *Browser) jumpTo(r rune) {
	switch r {
	case ' ':
		return
	case '/', '~': // no name starts so: a path is being typed
		p.path.SetText(string(r))
		p.path.CursorColumn = 1
		p.window.Canvas().Focus(p.path)
		return
	}
	if time.Since(p.typedAt) > time.Second {
		p.typed = ""
	}
	p.typed, p.typedAt = p.typed+strings.ToLower(string(r)), time.Now()
	for i, e := range p.entries {
		if strings.HasPrefix(strings.ToLower(e.name), p.typed) {
			p.list.setCursor(i)
			p.pick(i, 0)
			return
		}
	}
}

// modifiers returns which modifier keys are down.
func modifiers() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// browserLayout sets the places at the left of the path, the list and the line below it.
type browserLayout struct{}

// Layout implements fyne.Layout.
func (browserLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	left := min(44*unit, s.Width/3)
	x, w := left+pad, s.Width-left-pad
	foot := heightOf(o[3], w)
	place(o[0], 0, 0, left, s.Height)
	place(o[1], x, 0, w, 9*unit)
	place(o[2], x, 11*unit, w, s.Height-11*unit-foot-gap)
	place(o[3], x, s.Height-foot, w, foot)
}

// MinSize implements fyne.Layout.
func (browserLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, 45*unit) }

// entryHeight is that of a row of the browser.
const entryHeight = 7 * unit

// entryRow shows one file or folder.
type entryRow struct {
	choiceRow
	p    *Browser
	i    int
	icon *icon
	name *label
	size *label
}

func newEntryRow(p *Browser) *entryRow {
	e := &entryRow{choiceRow: newChoiceRow(), p: p, icon: newIcon("file"), name: newLabel(fixed(""), roleText, textSize), size: newLabel(fixed(""), roleQuiet, quietSize)}
	e.size.align = fyne.TextAlignTrailing
	e.onTap = func() {
		if e.i < len(p.entries) {
			p.tap(e.i, modifiers())
		}
	}
	e.ExtendBaseWidget(e)
	return e
}

// bind implements rowWidget.
func (e *entryRow) bind(i int) { e.i = i; e.Refresh() }

// CreateRenderer implements fyne.Widget.
func (e *entryRow) CreateRenderer() fyne.WidgetRenderer {
	r := &entryRowRenderer{e}
	r.Refresh()
	return r
}

type entryRowRenderer struct{ e *entryRow }

func (r *entryRowRenderer) Layout(s fyne.Size) {
	e := r.e
	e.ground.Resize(s)
	place(e.icon.Image, gap, (s.Height-smallIcon-2)/2, smallIcon+2, smallIcon+2)
	x, size := gap+smallIcon+2+gap, 18*unit
	place(e.name, x, 0, s.Width-x-size-2*gap, s.Height)
	place(e.size, s.Width-size-pad, 0, size, s.Height)
}

func (r *entryRowRenderer) MinSize() fyne.Size { return fyne.NewSize(0, entryHeight) }

func (r *entryRowRenderer) Refresh() {
	e := r.e
	if e.i >= len(e.p.entries) {
		return
	}
	v := e.p.entries[e.i]
	c, name := theme.Current().Quiet, "file"
	if v.dir {
		c, name = theme.Current().Accent, "folder"
	}
	e.icon.set(name, c)
	e.name.set(v.name)
	e.size.set(v.sizeText())
	e.name.Refresh()
	e.size.Refresh()
	e.paint(e.p.picked[filepath.Join(e.p.dir, v.name)], e.p.list.focused && e.p.list.cursor == e.i)
}

func (r *entryRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.e.ground, r.e.icon.Image, r.e.name, r.e.size}
}
func (r *entryRowRenderer) Destroy() {}
