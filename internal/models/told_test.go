package models

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the window tells of the model that ships are the figures of its card.
func TestToldIsTheCard(t *testing.T) {
	file := filepath.Join("..", "..", "assets", "models", "echoline-breast.onnx")
	m, err := Read(file)
	if err != nil {
		t.Skip("no model ships with this build:", err)
	}
	card, err := os.ReadFile(m.Card)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Measured) == 0 || m.Measured[0].Set != All || len(m.Data) == 0 || m.Data[0].Licence == "" {
		t.Fatalf("%+v %+v", m.Measured, m.Data)
	}
	lines := map[string]string{
		"dice": "Dice, mean", "iou": "IoU, mean", "hd95_native_px": "HD95, native px", "asd_native_px": "Average surface distance, native px",
		"nsd_3_256": "Surface Dice (NSD) at 3 px of the 256 letterbox", "lesion_recall": "Lesion recall", "false_positive_rate": "False positive rate",
		coverage90: "Coverage of the 90 % band", "mean_error_px": "Mean point error, native px",
		"mean_expected_error_px": "Mean expected error, native px", "auroc": "AUROC of expected error for these",
	}
	if len(m.Measured[0].Figures) != len(Figures) {
		t.Errorf("%d of %d figures are read", len(m.Measured[0].Figures), len(Figures))
	}
	for _, f := range m.Measured[0].Figures {
		_, line, found := strings.Cut(string(card), "| "+lines[f.Name]+" |")
		line, _, _ = strings.Cut(line, "\n")
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		want := fmt.Sprintf("%.3g (%.3g to %.3g)", f.Value, f.Low, f.High)
		if !found || cells[len(cells)-1] != want {
			t.Errorf("%s: the card has %q, the file %s", f.Name, cells[len(cells)-1], want)
		}
	}
	if got := fmt.Sprintf("| Images (groups) | 92 (65) | 184 (106) | %d (%d) |", m.Measured[0].Images, m.Measured[0].Groups); !strings.Contains(string(card), got) {
		t.Error(got)
	}
}

// A file that tells of itself in another form is read without that.
func TestToldLeavesOut(t *testing.T) {
	var test map[string]map[string]json.RawMessage
	text := `{"cases": {"images": 7, "dice": {"value": 0.9}, "iou": 3, "auroc": {"value": null}, "coverage": []}, "odd": {"dice": {"value": 1}}, "none": {}}`
	if err := json.Unmarshal([]byte(text), &test); err != nil {
		t.Fatal(err)
	}
	got := told(test)
	if len(got) != 1 || got[0].Set != "cases" || got[0].Groups != 0 || len(got[0].Figures) != 1 || got[0].Figures[0].Value != 0.9 || !math.IsNaN(got[0].Figures[0].Low) {
		t.Errorf("%+v", got)
	}
}
