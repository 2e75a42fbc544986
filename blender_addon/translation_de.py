"""German: texts and templates of the interface, impersonal as in Blender's own translation."""

GERMAN: dict[str, str] = {
    "Generate from Audio": "Aus Ton erzeugen",
    "Add a sound strip with the speech": "Einen Ton-Streifen mit der Sprache hinzufügen",
    "Listen to the sound and make the face say it, as a new take on its own NLA track": (
        "Hört sich den Ton an und lässt das Gesicht ihn sprechen, als neuer Take auf einer eigenen NLA-Spur"
    ),
    "Cancel": "Abbrechen",
    "Stop generating; nothing is written (Esc does the same)": (
        "Hält das Erzeugen an; es wird nichts geschrieben (Esc tut dasselbe)"
    ),
    "Apply to Take": "Auf Take anwenden",
    "Write the take anew with this strength, smoothing and life, without running the model again": (
        "Schreibt den Take mit dieser Stärke, Glättung und diesem Leben neu, ohne das Modell noch einmal "
        "laufen zu lassen"
    ),
    "Delete Take": "Take löschen",
    "Remove the take of this sound with its Actions and NLA tracks; your own animation stays": (
        "Entfernt den Take dieses Tons samt Aktionen und NLA-Spuren; die eigene Animation bleibt"
    ),
    "Fix": "Beheben",
    "Change what keeps the face from moving with the take, as the button says; Ctrl-Z takes it back": (
        "Ändert, was das Gesicht davon abhält, sich mit dem Take zu bewegen, wie es auf dem Knopf steht; "
        "Strg-Z nimmt es zurück"
    ),
    "Add Sound": "Ton hinzufügen",
    "Add a sound file to the Sequencer at the current frame, and choose it": (
        "Fügt dem Sequencer am aktuellen Frame eine Tondatei hinzu und wählt sie aus"
    ),
    "Check Again": "Erneut prüfen",
    "Look again for onnxruntime, devices and model files": (
        "Sucht noch einmal nach onnxruntime, Geräten und Modelldateien"
    ),
    "Detect": "Erkennen",
    (
        "Look at the names of the character's shape keys, bones and properties again, and take the family"
        " that moves most of the face. A rig map that you chose or edited is forgotten; Ctrl-Z brings it "
        "back"
    ): (
        "Sieht sich die Namen der Formschlüssel, Knochen und Eigenschaften der Figur noch einmal an und "
        "nimmt die Familie, die am meisten vom Gesicht bewegt. Eine gewählte oder bearbeitete Rig-"
        "Zuordnung wird vergessen; Strg-Z bringt sie zurück"
    ),
    "Choose Rig Map": "Rig-Zuordnung wählen",
    "Move the face by this rig map instead of the one that was detected": (
        "Bewegt das Gesicht nach dieser Rig-Zuordnung statt nach der erkannten"
    ),
    "Open Rig Map": "Rig-Zuordnung öffnen",
    "Move the face by a rig map from a JSON file, such as one that a colleague saved": (
        "Bewegt das Gesicht nach einer Rig-Zuordnung aus einer JSON-Datei, etwa einer, die jemand anderes"
        " gespeichert hat"
    ),
    "Save Rig Map": "Rig-Zuordnung speichern",
    (
        "Save the links as a JSON file, to use them on other characters or give them away. In the folder "
        "that comes up first, it joins the menu of rig maps and is found on other characters that have "
        "its names"
    ): (
        "Speichert die Verknüpfungen als JSON-Datei, für andere Figuren oder zum Weitergeben. Im zuerst "
        "angezeigten Ordner kommt sie ins Menü der Rig-Zuordnungen und wird auf anderen Figuren mit "
        "diesen Namen gefunden"
    ),
    "Edit Links": "Verknüpfungen bearbeiten",
    (
        "Give the character a rig map of its own: a copy of the links found on it, whose gain, limits and"
        " targets you change. It is kept with the face object"
    ): (
        "Gibt der Figur eine eigene Rig-Zuordnung: eine Kopie der gefundenen Verknüpfungen, deren Faktor,"
        " Grenzen und Ziele geändert werden können. Sie wird beim Objekt des Gesichts aufbewahrt"
    ),
    "Add Link": "Verknüpfung hinzufügen",
    "Let one more channel move something: a channel that moves nothing yet, and a free shape key": (
        "Lässt einen weiteren Kanal etwas bewegen: einen, der noch nichts bewegt, und einen freien Formschlüssel"
    ),
    "Duplicate Link": "Verknüpfung duplizieren",
    "Copy this link, so that its channel moves one more target, or its target follows one more channel": (
        "Kopiert diese Verknüpfung, damit ihr Kanal noch ein Ziel bewegt oder ihr Ziel noch einem Kanal folgt"
    ),
    "Remove Link": "Verknüpfung entfernen",
    "The channel no longer moves this target": "Der Kanal bewegt dieses Ziel nicht mehr",
    "Preview Channel": "Kanal vorführen",
    (
        "See what this channel does to the face: move the mouse left and right, turn the view as usual, "
        "go through the channels with the up and down keys. A click or Esc puts the face back as it was"
    ): (
        "Zeigt, was dieser Kanal mit dem Gesicht macht: die Maus nach links und rechts bewegen, die "
        "Ansicht wie gewohnt drehen, mit den Pfeiltasten auf und ab durch die Kanäle gehen. Ein Klick "
        "oder Esc stellt das Gesicht wieder her"
    ),
    "Guess Landmarks": "Landmarken schätzen",
    (
        "Show where the 68 landmarks of the face probably are, as a mesh of their own. Drag its vertices "
        "where they are wrong, then apply"
    ): (
        "Zeigt als eigenes Mesh, wo die 68 Landmarken des Gesichts wahrscheinlich liegen. Punkte, die "
        "falsch liegen, zurechtziehen, dann anwenden"
    ),
    "Apply Landmarks": "Landmarken anwenden",
    "Keep the landmarks with the face, each at the vertex nearest to it, and put the markers away": (
        "Behält die Landmarken beim Gesicht, jede am nächsten Punkt, und räumt die Marken weg"
    ),
    "Match by Shape": "Nach Form zuordnen",
    (
        "Find out what drives what from how the shape keys move the landmarks, whatever they are called. "
        "Landmarks are guessed when there are none"
    ): (
        "Findet aus der Bewegung der Landmarken heraus, welcher Formschlüssel was bewegt, wie er auch "
        "heißt. Landmarken werden geschätzt, wenn es keine gibt"
    ),
    "Make Shape Keys": "Formschlüssel erstellen",
    (
        "Give the face the 51 shape keys of face capture, carried over by its landmarks from Voxkey's "
        "default head, or from a selected head with landmarks and shape keys. Other selected meshes "
        "(teeth, tongue, eyes) follow"
    ): (
        "Gibt dem Gesicht die 51 Formschlüssel der Gesichtsaufnahme, anhand der Landmarken übertragen von"
        " Voxkeys Standardkopf oder von einem ausgewählten Kopf mit Landmarken und Formschlüsseln. Andere"
        " ausgewählte Meshes (Zähne, Zunge, Augen) folgen"
    ),
    "Import Face Capture": "Gesichtsaufnahme importieren",
    (
        "Make the face perform a recording of Live Link Face (CSV) or Audio2Face (JSON, CSV), as a take "
        "on its own NLA track that starts at the current frame"
    ): (
        "Lässt das Gesicht eine Aufnahme von Live Link Face (CSV) oder Audio2Face (JSON, CSV) spielen, "
        "als Take auf einer eigenen NLA-Spur, der am aktuellen Frame beginnt"
    ),
    "Export Live Link Face": "Live Link Face exportieren",
    "Write the take as a CSV file of Live Link Face: 52 weights, head and eye angles, after all shaping": (
        "Schreibt den Take als CSV-Datei von Live Link Face: 52 Gewichte, Winkel von Kopf und Augen, nach aller Formung"
    ),
    "Export Audio2Face": "Audio2Face exportieren",
    "Write the take's 52 weights as Audio2Face exports them: as CSV when the name ends so, else as JSON": (
        "Schreibt die 52 Gewichte des Takes, wie Audio2Face sie exportiert: als CSV, wenn der Name so "
        "endet, sonst als JSON"
    ),
    "Export Phones": "Laute exportieren",
    (
        "Write which speech sound is said when, as edited, in seconds from the start of the take: as JSON"
        " when the name ends so, else as a TextGrid, which Praat and other tools of phonetics open"
    ): (
        "Schreibt, welcher Laut wann gesprochen wird, wie bearbeitet, in Sekunden ab Beginn des Takes: "
        "als JSON, wenn der Name so endet, sonst als TextGrid, das Praat und andere Werkzeuge der "
        "Phonetik öffnen"
    ),
    "Bake Takes for Export": "Takes für den Export backen",
    (
        "Write what the takes and your own animation do to the face into one plain Action, frame by "
        "frame, as exporters to glTF, USD and FBX need it. The NLA tracks are muted, nothing is deleted; "
        "Ctrl-Z takes it back"
    ): (
        "Schreibt, was die Takes und die eigene Animation mit dem Gesicht machen, Frame für Frame in eine"
        " einfache Aktion, wie Exporter nach glTF, USD und FBX sie brauchen. Die NLA-Spuren werden "
        "stummgeschaltet, nichts wird gelöscht; Strg-Z nimmt es zurück"
    ),
    "Find Voices": "Stimmen finden",
    (
        "Fill the table: a row for each Sequencer channel with sound and each Speaker, with the character"
        " whose name is like that of channel, strip or file. Rows with a character stay as they are"
    ): (
        "Füllt die Tabelle: eine Zeile für jeden Kanal des Sequencers mit Ton und jeden Lautsprecher, mit"
        " der Figur, deren Name dem von Kanal, Streifen oder Datei gleicht. Zeilen mit einer Figur "
        "bleiben, wie sie sind"
    ),
    "Add Voice": "Stimme hinzufügen",
    "Add a row: choose a channel, strip or Speaker, and who says it": (
        "Fügt eine Zeile hinzu: Kanal, Streifen oder Lautsprecher wählen, und wer ihn spricht"
    ),
    "Remove Voice": "Stimme entfernen",
    "Remove the selected row; takes stay": "Entfernt die ausgewählte Zeile; Takes bleiben",
    "Generate All": "Alle erzeugen",
    (
        "Generate every strip of every voice in the table, for its character. Strips that are muted in "
        "the Sequencer are left out; one that can't be read does not stop the others"
    ): (
        "Erzeugt jeden Streifen jeder Stimme in der Tabelle für seine Figur. Im Sequencer "
        "stummgeschaltete Streifen werden ausgelassen; einer, der nicht gelesen werden kann, hält die "
        "anderen nicht auf"
    ),
    "Bring Take Along": "Take nachziehen",
    (
        "Bring this take to where its sound is now. If the sound was only moved, its keys move along, "
        "with all edits; if it was cut or retimed, it is heard anew with the settings of the take"
    ): (
        "Bringt diesen Take dorthin, wo sein Ton jetzt ist. Wurde der Ton nur verschoben, wandern die "
        "Keyframes mit allen Änderungen mit; wurde er geschnitten oder im Tempo geändert, wird er mit den"
        " Einstellungen des Takes neu angehört"
    ),
    "Show Phones": "Laute zeigen",
    (
        "Show which speech sound is heard when as muted strips above the sound. Move, trim, rename, split"
        " or delete them like any strip, then apply them"
    ): (
        "Zeigt als stumme Streifen über dem Ton, welcher Laut wann zu hören ist. Wie andere Streifen "
        "verschieben, zuschneiden, umbenennen, teilen oder löschen, dann anwenden"
    ),
    "Apply Phones": "Laute anwenden",
    (
        "Let the face follow the strips: it moves when they do, and says what they are named. Lips close "
        "on every p, b and m. All else stays as it was"
    ): (
        "Lässt das Gesicht den Streifen folgen: Es bewegt sich, wann sie es tun, und spricht, wie sie "
        "heißen. Die Lippen schließen sich bei jedem p, b und m. Alles andere bleibt, wie es war"
    ),
    "Hide Phones": "Laute ausblenden",
    "Apply the phones and remove their strips; they are kept with the take": (
        "Wendet die Laute an und entfernt ihre Streifen; sie bleiben beim Take"
    ),
    "Reset Phones": "Laute zurücksetzen",
    "Forget all edits and the transcript: the phones are those that the model heard": (
        "Vergisst alle Änderungen und den Text: Es gelten die Laute, die das Modell gehört hat"
    ),
    "Name Selected Phones": "Ausgewählte Laute benennen",
    "Say another speech sound in the selected strips of the phones": (
        "Spricht einen anderen Laut in den ausgewählten Streifen der Laute"
    ),
    "Import Phones": "Laute importieren",
    (
        "Let the face follow phones from a TextGrid of Praat or another aligner, or from a JSON file that"
        " Voxkey exported, in seconds from the start of the take"
    ): (
        "Lässt das Gesicht Lauten aus einem TextGrid von Praat oder einem anderen Werkzeug folgen, oder "
        "aus einer JSON-Datei, die Voxkey exportiert hat, in Sekunden ab Beginn des Takes"
    ),
    "Use or Mute Take": "Take verwenden oder stummschalten",
    "Whether the face moves with this take. One that is brought back mutes the take in use of the same sound": (
        "Ob sich das Gesicht mit diesem Take bewegt. Wird er zurückgeholt, verstummt der verwendete Take desselben Tons"
    ),
    "Solo Take": "Nur dieser Take",
    "Mute all other takes of this character; click again to bring them back. Your own animation stays as it is": (
        "Schaltet alle anderen Takes dieser Figur stumm; ein weiterer Klick bringt sie zurück. Die eigene"
        " Animation bleibt, wie sie ist"
    ),
    "Select Strip of Take": "Streifen des Takes auswählen",
    "Select the sound strip or Speaker of this take, and choose it as the sound": (
        "Wählt den Ton-Streifen oder Lautsprecher dieses Takes aus und nimmt ihn als Ton"
    ),
    "Apply to Take in List": "Auf Take in der Liste anwenden",
    "Write this take anew with the settings of Shaping and Life, without running the model again": (
        "Schreibt diesen Take mit den Einstellungen von Formung und Leben neu, ohne das Modell noch "
        "einmal laufen zu lassen"
    ),
    "Delete Take in List": "Take in der Liste löschen",
    "Remove this take with its Actions and NLA tracks; your own animation stays": (
        "Entfernt diesen Take samt Aktionen und NLA-Spuren; die eigene Animation bleibt"
    ),
    "Range from Timeline": "Bereich aus der Zeitleiste",
    "Take the preview range of the timeline (P), else from the first to the last selected marker": (
        "Übernimmt den Vorschaubereich der Zeitleiste (P), sonst vom ersten bis zum letzten ausgewählten Marker"
    ),
    "Apply to Range": "Auf Bereich anwenden",
    (
        "Give this range of the take the settings of Shaping and Life, without running the model again. "
        "Keys outside it stay as they are; those inside are written anew"
    ): (
        "Gibt diesem Bereich des Takes die Einstellungen von Formung und Leben, ohne das Modell noch "
        "einmal laufen zu lassen. Keyframes außerhalb bleiben, wie sie sind; die darin werden neu "
        "geschrieben"
    ),
    "Regenerate Range": "Bereich neu erzeugen",
    (
        "Listen to the sound of the take again with the chosen model, and write this range anew with it "
        "and the settings of Shaping and Life. Keys outside it stay as they are"
    ): (
        "Hört sich den Ton des Takes mit dem gewählten Modell noch einmal an und schreibt diesen Bereich "
        "damit und mit den Einstellungen von Formung und Leben neu. Keyframes außerhalb bleiben, wie sie "
        "sind"
    ),
    "Give Range Back": "Bereich zurückgeben",
    "Undo what was done again in this range of the take: it does what it did before": (
        "Nimmt zurück, was in diesem Bereich des Takes neu gemacht wurde: Er tut wieder, was er vorher tat"
    ),
    "Blend Take": "Take mischen",
    "How the take and what lies below it in the NLA go together: older takes, and your own animation": (
        "Wie der Take und das, was im NLA unter ihm liegt, zusammengehen: ältere Takes und die eigene Animation"
    ),
    "Mode": "Modus",
    "Whether the take adds to what lies below it, or replaces it": (
        "Ob der Take zu dem, was unter ihm liegt, hinzukommt oder es ersetzt"
    ),
    "Add": "Addieren",
    "The take adds to what lies below it: a smile of yours stays while the mouth speaks": (
        "Der Take kommt zu dem hinzu, was unter ihm liegt: Ein eigenes Lächeln bleibt, während der Mund spricht"
    ),
    (
        "While the take plays, it alone moves what it moves: older takes and your own animation are "
        "silent there, and play on before and after. Nothing of them is changed; an active Action goes "
        "onto an NLA track below the take"
    ): (
        "Solange der Take spielt, bewegt er allein, was er bewegt: Ältere Takes und die eigene Animation "
        "schweigen dort und spielen davor und danach weiter. Nichts davon wird geändert; eine aktive "
        "Aktion kommt auf eine NLA-Spur unter dem Take"
    ),
    "{} is on an NLA track below the take now, unchanged": (
        "{} liegt jetzt unverändert auf einer NLA-Spur unter dem Take"
    ),
    "Merge Takes": "Takes verschmelzen",
    (
        "Make one plain Action out of all takes in use of this character, for each data-block that they "
        "move, to be edited by hand. The takes are muted; your own animation stays as it is"
    ): (
        "Macht aus allen verwendeten Takes dieser Figur eine einfache Aktion für jeden Datenblock, den "
        "sie bewegen, zum Bearbeiten von Hand. Die Takes werden stumm; die eigene Animation bleibt, wie "
        "sie ist"
    ),
    "Place": "Ort",
    "Where the merged Action goes": "Wohin die verschmolzene Aktion kommt",
    "NLA Track": "NLA-Spur",
    "On a track of its own over your animation, which goes on below it": (
        "Auf eine eigene Spur über der eigenen Animation, die darunter weitergeht"
    ),
    "Active Action": "Aktive Aktion",
    "All that is seen, your own animation too, as the active Action": (
        "Alles, was zu sehen ist, auch die eigene Animation, als aktive Aktion"
    ),
    "What becomes of the takes": "Was aus den Takes wird",
    "Mute": "Stummschalten",
    "Keep them, out of use: they can be brought back and shaped": (
        "Sie bleiben, außer Gebrauch: Sie können zurückgeholt und geformt werden"
    ),
    "Remove": "Entfernen",
    "Delete them; the merged Action can't be shaped any more": (
        "Löscht sie; die verschmolzene Aktion kann nicht mehr geformt werden"
    ),
    "Merged into {}; the takes were muted": "Zusammengeführt in {}; die Takes sind stumm",
    "Merged into {}; the takes were removed": "Zusammengeführt in {}; die Takes wurden entfernt",
    "Push Actions Down": "Aktionen herunterschieben",
    (
        "Lay the active Actions of the face and all that belongs to it on NLA tracks on top of the "
        "others, unchanged: the same as Push Down in the NLA editor, for all data-blocks at once"
    ): (
        "Legt die aktiven Aktionen des Gesichts und alles, was dazugehört, unverändert auf NLA-Spuren "
        "über die anderen: wie Herunterschieben im NLA-Editor, für alle Datenblöcke auf einmal"
    ),
    "Pushed down {}": "{} wurde heruntergeschoben",
    "Parts of {} were done again; that take is kept on a muted NLA track": (
        "Teile von {} wurden neu gemacht; dieser Take bleibt auf einer stummen NLA-Spur erhalten"
    ),
    "{} is linked from another file, which keeps it as it is; {}": (
        "{} ist aus einer anderen Datei verknüpft, die den Take behält, wie er ist; {}"
    ),
    "mute it instead": "stattdessen stummschalten",
    "press Apply to Take to get one here": "mit Auf Take anwenden entsteht hier ein eigener",
    "choose Mute for it": "dafür Stummschalten wählen",
    "{} has no take in use; generate one, or bring one back": (
        "{} hat keinen Take in Gebrauch; einen erzeugen oder zurückholen"
    ),
    "{} has no active Action; merge takes into one first": (
        "{} hat keine aktive Aktion; zuerst Takes zu einer verschmelzen"
    ),
    "Reference Render": "Vorschaufilm",
    "Paint the line with a trained character or a face in pictures, as pictures and a film with sound": (
        "Malt die Zeile mit einer gelernten Figur oder einem Gesicht auf Bildern, als Bilder und als Film mit Ton"
    ),
    "Learn This Character": "Diese Figur lernen",
    (
        "Render 20 frames of the take from the scene's camera and train a network that paints this "
        "character; takes minutes, beside your work"
    ): (
        "Rendert 20 Frames des Takes aus der Kamera der Szene und trainiert ein Netz, das diese Figur "
        "malt; dauert Minuten, neben der Arbeit her"
    ),
    "Load Preset": "Vorgabe laden",
    "Let the face perform in this style: sets all of Shaping and Life, and the take follows": (
        "Lässt das Gesicht in diesem Stil spielen: stellt alles in Formung und Leben ein, und der Take folgt"
    ),
    "Open Preset": "Vorgabe öffnen",
    (
        "Let the face perform as a preset file says, such as one that a colleague saved; it holds numbers"
        " only and runs nothing"
    ): (
        "Lässt das Gesicht spielen, wie eine Datei es vorgibt, etwa eine, die jemand anderes gespeichert "
        "hat; sie enthält nur Zahlen und führt nichts aus"
    ),
    "Save Preset": "Vorgabe speichern",
    (
        "Save all settings of Shaping and Life as a file, for other scenes and people. In the folder that"
        " comes up first, it joins this menu"
    ): (
        "Speichert alle Einstellungen von Formung und Leben als Datei, für andere Szenen und Leute. Im "
        "zuerst angezeigten Ordner kommt sie in dieses Menü"
    ),
    "Add Sound and Animate": "Ton hinzufügen und animieren",
    (
        "Add a recording to the Sequencer at the current frame, and make the face say it. Audio files can"
        " be dropped onto the 3D view too"
    ): (
        "Fügt dem Sequencer am aktuellen Frame eine Aufnahme hinzu und lässt das Gesicht sie sprechen. "
        "Tondateien können auch auf die 3D-Ansicht gezogen werden"
    ),
    "Animate Face from Strip": "Gesicht aus Streifen animieren",
    "Make the face say the active sound strip, as a new take on its own NLA track": (
        "Lässt das Gesicht den aktiven Ton-Streifen sprechen, als neuer Take auf einer eigenen NLA-Spur"
    ),
    "Device": "Gerät",
    "What runs the model wherever the panel says Auto": "Was das Modell ausführt, wo im Panel Auto steht",
    "Model Folder": "Modellordner",
    "Folder with your own model files; they appear in the panel beside the one that comes with Voxkey": (
        "Ordner mit eigenen Modelldateien; sie erscheinen im Panel neben der, die mit Voxkey kommt"
    ),
    "Trainer's Python": "Python des Trainers",
    "The Python in which Voxkey's trainer is installed (pip install -e .[trainer]); Learn This Character runs it": (
        "Das Python, in dem Voxkeys Trainer installiert ist (pip install -e .[trainer]); Diese Figur "
        "lernen führt es aus"
    ),
    "Bone": "Knochen",
    ("Bone of the armature that nods and turns, on top of its own animation; leave it empty for the whole armature"): (
        "Knochen des Skeletts, der nickt und sich dreht, zusätzlich zu seiner eigenen Animation; leer "
        "lassen für das ganze Skelett"
    ),
    "Blinks": "Blinzeln",
    "Another number, other moments of the blinks; all else stays as it is": (
        "Eine andere Zahl, andere Augenblicke des Blinzelns; alles andere bleibt, wie es ist"
    ),
    "Brows": "Brauen",
    "How far brows rise on stressed words and at the beginning of phrases, and knit in between": (
        "Wie weit sich die Brauen auf betonten Wörtern und am Anfang von Sätzen heben und dazwischen zusammenziehen"
    ),
    "Upper Face": "Obergesicht",
    "Calms the eyes and brows that the model predicts over this time": (
        "Beruhigt Augen und Brauen, wie das Modell sie vorhersagt, über diese Zeit"
    ),
    "Seed": "Startwert",
    "Another number, another performance of blinks, gaze, brows, head and emotion; the same number, the same": (
        "Eine andere Zahl, ein anderes Spiel von Blinzeln, Blick, Brauen, Kopf und Gefühl; dieselbe Zahl, dasselbe"
    ),
    "Gaze": "Blick",
    "Another number, other looks of the eyes and what blinks go with them; all else stays as it is": (
        "Eine andere Zahl, andere Blicke und das Blinzeln, das zu ihnen gehört; alles andere bleibt, wie es ist"
    ),
    "Neutral": "Neutral",
    "Takes from the other emotions: at 1 beside a full one, half of it is left": (
        "Nimmt den anderen Gefühlen etwas weg: bei 1 bleibt neben einem vollen die Hälfte davon"
    ),
    (
        "How far the eyes wander: at 1 they mostly look ahead, shift a little, and glance away while "
        "speaking; the lids follow. 0 for a stare"
    ): (
        "Wie weit die Augen wandern: bei 1 sehen sie meist geradeaus, rücken ein wenig und sehen beim "
        "Sprechen kurz weg; die Lider folgen. 0 für einen starren Blick"
    ),
    "Angry": "Wütend",
    "How angry the face is, beside the emotion chosen above": (
        "Wie wütend das Gesicht ist, neben dem oben gewählten Gefühl"
    ),
    "Sad": "Traurig",
    "How sad the face is, beside the emotion chosen above": (
        "Wie traurig das Gesicht ist, neben dem oben gewählten Gefühl"
    ),
    "Lip Opening": "Lippenöffnung",
    (
        "Parts the lips further while they are open; below 0 brings them together, so that they close "
        "where they nearly did"
    ): (
        "Öffnet die Lippen weiter, solange sie offen sind; unter 0 bringt es sie zusammen, sodass sie "
        "sich schließen, wo sie es fast taten"
    ),
    "Lid Opening": "Lidöffnung",
    "Opens the lids wider, or lets them droop; blinks still shut the eyes": (
        "Öffnet die Lider weiter oder lässt sie sinken; Blinzeln schließt die Augen trotzdem"
    ),
    "Disgusted": "Angeekelt",
    "How disgusted the face is, beside the emotion chosen above": (
        "Wie angeekelt das Gesicht ist, neben dem oben gewählten Gefühl"
    ),
    "Closures": "Verschlüsse",
    "Closes the lips longer on p, b and m, presses them, and closes them on every one": (
        "Schließt die Lippen bei p, b und m länger, presst sie aufeinander, und schließt sie bei jedem davon"
    ),
    "Head": "Kopf",
    (
        "What nods and turns: the head or an Empty at the neck that the head is parented to, looking "
        "along its own -Y axis with Z up, or the armature with a bone for the head. Its own animation "
        "stays; leave it empty for a head that keeps still"
    ): (
        "Was nickt und sich dreht: der Kopf oder ein Empty am Hals, an dem der Kopf hängt, mit Blick "
        "entlang der eigenen Achse -Y und Z nach oben, oder das Skelett mit einem Knochen für den Kopf. "
        "Seine eigene Animation bleibt; leer lassen für einen Kopf, der stillhält"
    ),
    "Poses": "Posen",
    "For how many frames a pose is held, as in drawn animation": (
        "Wie viele Frames lang eine Pose gehalten wird, wie im Zeichentrick"
    ),
    "Every Frame": "Jeder Frame",
    "The face moves in every frame": "Das Gesicht bewegt sich in jedem Frame",
    "On Twos": "Auf Zweien",
    "A pose every two frames; a mouth that closes is seen closed": (
        "Eine Pose alle zwei Frames; ein Mund, der sich schließt, ist geschlossen zu sehen"
    ),
    "On Threes": "Auf Dreien",
    "A pose every three frames; a mouth that closes is seen closed": (
        "Eine Pose alle drei Frames; ein Mund, der sich schließt, ist geschlossen zu sehen"
    ),
    "Calm": "Ruhig",
    "How calm the face is, beside the emotion chosen above": (
        "Wie ruhig das Gesicht ist, neben dem oben gewählten Gefühl"
    ),
    "Mouth": "Mund",
    "How far the lips and the corners of the mouth move; closed lips stay closed": (
        "Wie weit sich Lippen und Mundwinkel bewegen; geschlossene Lippen bleiben geschlossen"
    ),
    "Head Motion": "Bewegung",
    "How far the Head object nods on stressed words and turns slowly, by about 3 degrees at 1": (
        "Wie weit das Objekt unter Kopf auf betonten Wörtern nickt und sich langsam dreht, bei 1 um etwa 3 Grad"
    ),
    "Jaw Opening": "Kieferöffnung",
    "Opens the jaw further, or less, while the lips are open": (
        "Öffnet den Kiefer weiter oder weniger weit, solange die Lippen offen sind"
    ),
    "Symmetry": "Symmetrie",
    "At 1 both sides of the face do the same; the eyes still look aside": (
        "Bei 1 tun beide Seiten des Gesichts dasselbe; die Augen sehen trotzdem zur Seite"
    ),
    "Surprised": "Überrascht",
    "How surprised the face is, beside the emotion chosen above": (
        "Wie überrascht das Gesicht ist, neben dem oben gewählten Gefühl"
    ),
    "Another number, other turns and nods of the head; all else stays as it is": (
        "Eine andere Zahl, anderes Drehen und Nicken des Kopfes; alles andere bleibt, wie es ist"
    ),
    "How far the brows move": "Wie weit sich die Brauen bewegen",
    "Intensity": "Intensität",
    "How strongly the face shows it, 1 as in a portrait, 0 not at all": (
        "Wie stark das Gesicht es zeigt, 1 wie auf einem Porträt, 0 gar nicht"
    ),
    "Model File": "Modelldatei",
    "An .onnx file that the trainer exported": "Eine Datei .onnx, die der Trainer exportiert hat",
    "Jaw": "Kiefer",
    "How far the jaw opens and moves; closed lips stay closed": (
        "Wie weit sich der Kiefer öffnet und bewegt; geschlossene Lippen bleiben geschlossen"
    ),
    "Fearful": "Ängstlich",
    "How fearful the face is, beside the emotion chosen above": (
        "Wie ängstlich das Gesicht ist, neben dem oben gewählten Gefühl"
    ),
    "How far the lids close in a blink: 1 shut, 0 for no blinks. Eyes blink about every 3 seconds": (
        "Wie weit sich die Lider beim Blinzeln schließen: 1 zu, 0 für kein Blinzeln. Augen blinzeln etwa "
        "alle 3 Sekunden"
    ),
    "Whether the eyes blink by rule, or as a network learned it from people": (
        "Ob die Augen nach einer Regel blinzeln, oder wie ein Netz es von Menschen gelernt hat"
    ),
    "By Rule": "Nach Regel",
    "Learned": "Gelernt",
    "Clean blinks at the ends of phrases and with turns of the eyes": (
        "Klares Blinzeln am Ende von Satzteilen und wenn sich die Augen wenden"
    ),
    "Blinks as a network learned them from people: uneven, and at their own time": (
        "Blinzeln, wie ein Netz es von Menschen gelernt hat: ungleichmäßig und zu eigener Zeit"
    ),
    "Another number, other moves of the brows; all else stays as it is": (
        "Eine andere Zahl, andere Bewegungen der Brauen; alles andere bleibt, wie es ist"
    ),
    "Sound": "Ton",
    "Sound strip or Speaker whose speech the face says; leave it empty for the active sound strip": (
        "Ton-Streifen oder Lautsprecher, dessen Sprache das Gesicht spricht; leer lassen für den aktiven Ton-Streifen"
    ),
    "Cheeks": "Wangen",
    "How far cheeks and nose move": "Wie weit sich Wangen und Nase bewegen",
    "Tolerance": "Toleranz",
    (
        "How far the motion may be off for the sake of fewer keys; 0 for a key at every frame, 0.01 needs"
        " a fifth of them or less"
    ): (
        "Wie weit die Bewegung zugunsten von weniger Keyframes abweichen darf; 0 für einen in jedem "
        "Frame, 0,01 braucht ein Fünftel davon oder weniger"
    ),
    "Face": "Gesicht",
    (
        "Mesh of the face, or the armature of the character; what belongs to it, such as teeth, lashes "
        "and eyes, moves along. Leave it empty for the active object"
    ): (
        "Mesh des Gesichts oder Skelett der Figur; was dazugehört, wie Zähne, Wimpern und Augen, bewegt "
        "sich mit. Leer lassen für das aktive Objekt"
    ),
    "Lower Face": "Untergesicht",
    "Calms mouth, jaw and cheeks over this time. Lips still close on p, b and m, above 0.05 s for longer": (
        "Beruhigt Mund, Kiefer und Wangen über diese Zeit. Die Lippen schließen sich trotzdem bei p, b "
        "und m, über 0,05 s länger"
    ),
    "What runs the model. Auto follows the preferences, else takes the fastest that works": (
        "Was das Modell ausführt. Auto folgt den Einstellungen, sonst nimmt es das schnellste Gerät, das funktioniert"
    ),
    "Model": "Modell",
    "Model file that turns speech into motion": "Modelldatei, die Sprache in Bewegung verwandelt",
    "Secondary": "Nebenbewegung",
    (
        "How far cheeks, nose and lower lids follow the mouth, and how much the two sides of the face "
        "differ. Closed lips stay closed"
    ): (
        "Wie weit Wangen, Nase und Unterlider dem Mund folgen und wie sehr sich die beiden Seiten des "
        "Gesichts unterscheiden. Geschlossene Lippen bleiben geschlossen"
    ),
    "Strength": "Stärke",
    "How far the whole face moves: 1 as the model says, 0 not at all, 2 twice as far": (
        "Wie weit sich das ganze Gesicht bewegt: 1 wie vom Modell vorhergesagt, 0 gar nicht, 2 doppelt so weit"
    ),
    "Emotion": "Gefühl",
    (
        "How the character feels: brows, eyes, cheeks and the corners of the mouth show it while the lips"
        " speak, and still close on p, b and m. Key it to change it over time"
    ): (
        "Wie sich die Figur fühlt: Brauen, Augen, Wangen und Mundwinkel zeigen es, während die Lippen "
        "sprechen und sich bei p, b und m weiter schließen. Mit Keyframes ändert es sich über die Zeit"
    ),
    "The face as speech moves it": "Das Gesicht, wie die Sprache es bewegt",
    "Lids and corners of the mouth relax, the head keeps quiet": (
        "Lider und Mundwinkel entspannen sich, der Kopf hält still"
    ),
    "Happy": "Fröhlich",
    "Smiles, cheeks raised": "Lächelt, Wangen gehoben",
    "Inner brows raised, corners of the mouth and gaze lowered, the head quiet and lowered": (
        "Innere Brauen gehoben, Mundwinkel und Blick gesenkt, der Kopf ruhig und gesenkt"
    ),
    "Brows knit, lids tightened, lips pressed": "Brauen zusammengezogen, Lider angespannt, Lippen gepresst",
    "Brows raised and drawn together, eyes wide, corners of the mouth drawn back": (
        "Brauen gehoben und zusammengezogen, Augen weit, Mundwinkel zurückgezogen"
    ),
    "Brows and lids raised, the mouth drops open in pauses": "Brauen und Lider gehoben, der Mund öffnet sich in Pausen",
    "Nose wrinkled, upper lip raised": "Nase gerümpft, Oberlippe gehoben",
    "Eyes": "Augen",
    "How far lids and eyes move": "Wie weit sich Lider und Augen bewegen",
    "How happy the face is, beside the emotion chosen above": (
        "Wie fröhlich das Gesicht ist, neben dem oben gewählten Gefühl"
    ),
    "Live Shaping": "Sofort formen",
    "Shape the take while a slider moves, unless you have edited its keys": (
        "Formt den Take, während ein Regler bewegt wird, außer wenn seine Keyframes bearbeitet wurden"
    ),
    "Maximum": "Maximum",
    "The target never goes above this: less than 1 keeps a shape from going to its end": (
        "Das Ziel geht nie darüber hinaus: unter 1 kommt eine Form nie ganz an ihr Ende"
    ),
    "Offset": "Versatz",
    "Where the target is when the channel is at rest": "Wo das Ziel ist, wenn der Kanal in Ruhe ist",
    "Target": "Ziel",
    "What the channel moves, chosen from all that this character has": (
        "Was der Kanal bewegt, aus allem gewählt, was diese Figur hat"
    ),
    "Component": "Komponente",
    "How the bone moves": "Wie sich der Knochen bewegt",
    "Location X": "Position X",
    "Along the bone's own axis at rest, in bone lengths from head to tail": (
        "Entlang der eigenen Achse des Knochens in Ruhe, in Knochenlängen vom Anfang zum Ende"
    ),
    "Location Y": "Position Y",
    "Location Z": "Position Z",
    "Rotation X": "Rotation X",
    "About the bone's own axis at rest, in radians: 0.35 is 20 degrees": (
        "Um die eigene Achse des Knochens in Ruhe, im Bogenmaß: 0,35 sind 20 Grad"
    ),
    "Rotation Y": "Rotation Y",
    "Rotation Z": "Rotation Z",
    "Scale X": "Skalierung X",
    "Along the bone's own axis at rest, added to 1": (
        "Entlang der eigenen Achse des Knochens in Ruhe, zu 1 hinzugezählt"
    ),
    "Scale Y": "Skalierung Y",
    "Scale Z": "Skalierung Z",
    "Turn X": "Drehung X",
    "About an axis of the character, however the bone lies, in radians: X to its left, Y to its back, Z up": (
        "Um eine Achse der Figur, wie der Knochen auch liegt, im Bogenmaß: X zu ihrer Linken, Y nach "
        "hinten, Z nach oben"
    ),
    "Turn Y": "Drehung Y",
    "Turn Z": "Drehung Z",
    "Minimum": "Minimum",
    "The target never goes below this": "Das Ziel geht nie darunter",
    "Channel": "Kanal",
    "Which of the 51 motions of the face, or of the three of the head in radians, moves the target": (
        "Welche der 51 Bewegungen des Gesichts, oder der drei des Kopfes im Bogenmaß, das Ziel bewegt"
    ),
    "Kind": "Art",
    "What the channel moves": "Was der Kanal bewegt",
    "Shape Key": "Formschlüssel",
    "The value of a shape key, on every mesh of the character that has it": (
        "Der Wert eines Formschlüssels, auf jedem Mesh der Figur, das ihn hat"
    ),
    "A bone of the armature: it moves, turns or grows in pose mode": (
        "Ein Knochen des Skeletts: er verschiebt sich, dreht sich oder wächst im Posenmodus"
    ),
    "Property": "Eigenschaft",
    "A custom property of the object or of a bone, such as a rig's own slider": (
        "Eine eigene Eigenschaft des Objekts oder eines Knochens, etwa ein Regler des Rigs"
    ),
    "Gain": "Faktor",
    "How far the target goes when the channel is full: 0.5 half as far, -1 the other way": (
        "Wie weit das Ziel geht, wenn der Kanal voll ist: 0,5 halb so weit, -1 in die andere Richtung"
    ),
    "On Bone": "Auf Knochen",
    "Bone that holds the custom property; empty when the object itself does": (
        "Knochen mit der eigenen Eigenschaft; leer, wenn das Objekt selbst sie hat"
    ),
    "Active Link": "Aktive Verknüpfung",
    "A channel of the face, and what it moves on this character": (
        "Ein Kanal des Gesichts, und was er auf dieser Figur bewegt"
    ),
    "File": "Datei",
    "Rig map, as a JSON file": "Rig-Zuordnung als JSON-Datei",
    "From": "Von",
    "What tells where the face looks, so that landmarks can be put onto it": (
        "Was verrät, wohin das Gesicht sieht, damit Landmarken darauf gesetzt werden können"
    ),
    "Shape Keys": "Formschlüssel",
    "The face looks where most of what moves looks, else to -Y; +Z is up": (
        "Das Gesicht sieht dorthin, wohin das meiste sieht, was sich bewegt, sonst nach -Y; +Z ist oben"
    ),
    "View": "Ansicht",
    "The face looks at you: at the 3D view, or at the camera when there is none": (
        "Das Gesicht sieht hierher: zur 3D-Ansicht, oder zur Kamera, wenn es keine gibt"
    ),
    "Mesh": "Mesh",
    "The landmarks that the mesh has already": "Die Landmarken, die das Mesh schon hat",
    "Replace": "Ersetzen",
    "Shape keys of these names that are there already get the new shape; without this they are refused": (
        "Formschlüssel mit diesen Namen, die schon da sind, bekommen die neue Form; ohne dies werden sie abgelehnt"
    ),
    "Take": "Take",
    "Which take is written; the one of the chosen sound, else the first, when it is empty": (
        "Welcher Take geschrieben wird; der des gewählten Tons, sonst der erste, wenn es leer ist"
    ),
    "Rate": "Rate",
    "How many rows a second": "Wie viele Zeilen pro Sekunde",
    "Scene": "Szene",
    "One row a frame of this scene, at the times of the take's keys": (
        "Eine Zeile pro Frame dieser Szene, zu den Zeiten der Keyframes des Takes"
    ),
    "Character": "Figur",
    "Mesh of the face, or the armature of the character, that says it": (
        "Mesh des Gesichts oder Skelett der Figur, die es spricht"
    ),
    "Voice": "Stimme",
    (
        "Sequencer channel, sound strip or Speaker that this character speaks with; a strip that has a "
        "row of its own does not count to its channel"
    ): (
        "Kanal des Sequencers, Ton-Streifen oder Lautsprecher, mit dem diese Figur spricht; ein Streifen "
        "mit eigener Zeile zählt nicht zu seinem Kanal"
    ),
    (
        "Object that nods and turns with this voice, as the Head in the section Life; leave it empty for "
        "a head that keeps still"
    ): (
        "Objekt, das mit dieser Stimme nickt und sich dreht, wie der Kopf im Abschnitt Leben; leer lassen"
        " für einen Kopf, der stillhält"
    ),
    "Listen Meanwhile": "Inzwischen zuhören",
    "Between its lines, until the last one has spoken, a character blinks and looks about": (
        "Zwischen ihren Zeilen, bis die letzte gesprochen ist, blinzelt eine Figur und sieht umher"
    ),
    "Whose voice is whose": "Wessen Stimme wem gehört",
    "Name of the take's Action": "Name der Aktion des Takes",
    "Phone": "Laut",
    "A class of speech sounds that share a mouth": "Eine Klasse von Lauten mit demselben Mund",
    "Name of the take's Action; the one that is selected in the list when it is empty": (
        "Name der Aktion des Takes; der in der Liste ausgewählte, wenn es leer ist"
    ),
    "To": "Bis",
    "Frame before which the take is done again": "Frame, vor dem der Take neu gemacht wird",
    "Frame after which the take is done again": "Frame, nach dem der Take neu gemacht wird",
    "Sliders Shape the Range Only": "Regler formen nur den Bereich",
    "Shaping, life and emotion change this range of the selected take, and leave the rest as it is": (
        "Formung, Leben und Gefühl ändern diesen Bereich des ausgewählten Takes und lassen den Rest, wie er ist"
    ),
    "Fade": "Überblenden",
    "How long the range goes over from what is before it, and into what is after it, inside the range": (
        "Wie lange der Bereich aus dem übergeht, was vor ihm ist, und in das, was nach ihm ist, innerhalb des Bereichs"
    ),
    "That of the panel, unless it is given": "Wie im Panel, wenn nichts angegeben ist",
    "Number": "Nummer",
    "Which range of the selected take, counted from 0": "Welcher Bereich des ausgewählten Takes, von 0 an gezählt",
    "Look": "Aussehen",
    "Who is painted: a trained character, or somebody in pictures": (
        "Wer gemalt wird: eine gelernte Figur oder jemand auf Bildern"
    ),
    "Reference Images...": "Referenzbilder …",
    "Somebody in pictures of your choice, without any learning": (
        "Jemand auf Bildern nach Wahl, ohne dass etwas gelernt wird"
    ),
    "Pictures": "Bilder",
    "A picture of one face from the front, or a folder with several of the same person, framed alike": (
        "Ein Bild eines Gesichts von vorn oder ein Ordner mit mehreren derselben Person im gleichen Ausschnitt"
    ),
    "Model file of a trained character": "Modelldatei einer gelernten Figur",
    "Show in": "Zeigen in",
    "Where to show it; pictures and film are in the folder in any case": (
        "Wo es gezeigt wird; Bilder und Film liegen in jedem Fall im Ordner"
    ),
    "Camera": "Kamera",
    "In a corner of the camera's view, as a background image": "In einer Ecke des Kamerabilds, als Hintergrundbild",
    "Sequencer": "Sequencer",
    "As a strip beside the sound; the scene then renders as its Sequencer shows it": (
        "Als Streifen neben dem Ton; die Szene rendert dann, wie ihr Sequencer sie zeigt"
    ),
    "Folder": "Ordner",
    "Where the pictures and the film go, in a folder with the name of the sound": (
        "Wohin Bilder und Film kommen, in einen Ordner mit dem Namen des Tons"
    ),
    "Preset file to load: JSON, as the panel saves it": "Vorgabe, die geladen wird: JSON, wie das Panel sie speichert",
    "Animate the Face": "Gesicht animieren",
    "Listen to the recording and make the face say it, once it is in the Sequencer": (
        "Hört sich die Aufnahme an und lässt das Gesicht sie sprechen, sobald sie im Sequencer ist"
    ),
    "Face Capture": "Gesichtsaufnahme",
    "Rig Maps": "Rig-Zuordnungen",
    "Rig maps that come with Voxkey and those that you saved": (
        "Rig-Zuordnungen, die mit Voxkey kommen, und die selbst gespeicherten"
    ),
    "Presets": "Vorgaben",
    "Styles of performance that come with Voxkey, and those that you saved": (
        "Stile des Spiels, die mit Voxkey kommen, und die selbst gespeicherten"
    ),
    "Speech for a Face": "Sprache für ein Gesicht",
    "Lip Sync (Voxkey)": "Lippensynchronisation (Voxkey)",
    "Speech to facial animation": "Von Sprache zu Gesichtsanimation",
    "Result": "Ergebnis",
    "Rig": "Rig",
    "Shaping": "Formung",
    "Life": "Leben",
    "Phones": "Laute",
    "Takes": "Takes",
    "Dialogue": "Dialog",
    "Import and Export": "Import und Export",
    "Default": "Standard",
    "The speech as it is, with blinks, gaze and brows of a calm speaker": (
        "Die Sprache, wie sie ist, mit Blinzeln, Blick und Brauen eines ruhigen Sprechers"
    ),
    "Anime on Threes": "Anime auf Dreien",
    "Limited animation: a pose every three frames, the mouth opens and closes, little else moves": (
        "Sparsamer Zeichentrick: eine Pose alle drei Frames, der Mund geht auf und zu, sonst bewegt sich wenig"
    ),
    "Anime on Twos": "Anime auf Zweien",
    "Drawn animation: a pose every two frames, both sides of the face alike, a steady gaze and head": (
        "Zeichentrick: eine Pose alle zwei Frames, beide Seiten des Gesichts gleich, Blick und Kopf ruhig"
    ),
    "Lively": "Lebhaft",
    "A storyteller: wider mouth, brows that stress words, eyes and head that move more": (
        "Ein Erzähler: weiterer Mund, Brauen, die Wörter betonen, Augen und Kopf, die sich mehr bewegen"
    ),
    "Mumbled": "Genuschelt",
    "Lips that hardly part and a jaw that hardly opens, tired lids, a quiet head": (
        "Lippen und Kiefer, die kaum aufgehen, müde Lider, ein ruhiger Kopf"
    ),
    "Shouting": "Geschrien",
    "A wide open mouth with firm closures, wide eyes, strong brows, a head that moves along": (
        "Ein weit offener Mund mit festen Lippenschlüssen, große Augen, kräftige Brauen, ein Kopf, der mitgeht"
    ),
    "Subtle": "Zurückhaltend",
    "A quiet face for close-ups: smaller brows, calmer eyes, softer motion of lips and jaw": (
        "Ein stilles Gesicht für Nahaufnahmen: kleinere Brauen, ruhigere Augen, weichere Bewegung von Lippen und Kiefer"
    ),
    "There is no sound in the scene; add sound strips in the Sequencer": (
        "In der Szene ist kein Ton; im Sequencer Ton-Streifen hinzufügen"
    ),
    "There is no row to remove": "Es gibt keine Zeile zu entfernen",
    "Face Capture (.csv, .json)": "Gesichtsaufnahme (.csv, .json)",
    "Face as Live Link Face (.csv)": "Gesicht als Live Link Face (.csv)",
    "Face as Audio2Face (.json, .csv)": "Gesicht als Audio2Face (.json, .csv)",
    "Phones (.TextGrid, .json)": "Laute (.TextGrid, .json)",
    "Wrote {}": "{} wurde geschrieben",
    "Baked {}; the NLA tracks are muted": "{} wurde gebacken; die NLA-Spuren sind stumm",
    "{} was brought along; all edits are kept": "{} wurde nachgezogen; alle Änderungen sind erhalten",
    "{} was learned; Reference Render paints it now": "{} wurde gelernt; der Vorschaufilm malt sie jetzt",
    "{} shapes were carried over from {} to {}": "{} Formen wurden von {} auf {} übertragen",
    "From {}": "Von {}",
    "From Voxkey's default head": "Von Voxkeys Standardkopf",
    "Cancelled; no shape keys were made": "Abgebrochen; es wurden keine Formschlüssel erstellt",
    "Making shapes {}": "Formen entstehen {}",
    "Esc cancels": "Esc bricht ab",
    "Import Face Capture...": "Gesichtsaufnahme importieren...",
    "{}: frames {} to {} were shaped": "{}: Frames {} bis {} wurden geformt",
    "{} was removed": "{} wurde entfernt",
    "Cancelled; nothing was written": "Abgebrochen; es wurde nichts geschrieben",
    "Keys": "Keyframes",
    "Mix": "Mischung",
    "Seeds of Layers": "Startwerte der Ebenen",
    "The face moves with it": "Das Gesicht bewegt sich damit",
    "Path": "Pfad",
    "{} channels move nothing": "{} Kanäle bewegen nichts",
    "Active object: {}": "Aktives Objekt: {}",
    "{} of {} keys": "{} von {} Keyframes",
    "Saved {}": "{} wurde gespeichert",
    "No family of rigs has names like {}'s; match its shape keys by shape": (
        "Keine Familie von Rigs hat Namen wie {}; die Formschlüssel nach Form zuordnen"
    ),
    "{}: {} channels": "{}: {} Kanäle",
    "Coverage": "Abdeckung",
    "Open...": "Öffnen...",
    "Save As...": "Speichern als...",
    "Reset to Detected": "Auf Erkanntes zurücksetzen",
    "Looking at the rig": "Das Rig wird angesehen",
    "Your own links: {}": "Eigene Verknüpfungen: {}",
    "Links of the family": "Verknüpfungen der Familie",
    "{} of {}": "{} von {}",
    "Unused shape keys: {}": "Ungenutzte Formschlüssel: {}",
    "{} moves {}": "{} bewegt {}",
    "Choose the mesh of the face to match it by shape": "Das Mesh des Gesichts wählen, um es nach Form zuzuordnen",
    "{} moves nothing on {}; add a link for it": "{} bewegt auf {} nichts; eine Verknüpfung dafür hinzufügen",
    "Style": "Stil",
    "{}: all settings are those of the preset": "{}: alle Einstellungen sind die der Vorgabe",
    "{} of {}: drag them where they are wrong, then apply": (
        "{} von {}: zurechtziehen, wo sie falsch sind, dann anwenden"
    ),
    "{} keeps its 68 landmarks": "{} behält seine 68 Landmarken",
    "{}: {}, by {} shape keys": "{}: {}, mit {} Formschlüsseln",
    "Not found: {}": "Nicht gefunden: {}",
    "Muted: kept, but out of use": "Stumm: aufbewahrt, aber nicht in Gebrauch",
    "Use This Take": "Diesen Take verwenden",
    "{}, frames {} to {}": "{}, Frames {} bis {}",
    "Redo a Range": "Einen Bereich neu machen",
    "{}: frames {} to {} were done again": "{}: Frames {} bis {} wurden neu gemacht",
    "Set a preview range in the timeline (P), or select two markers": (
        "In der Zeitleiste einen Vorschaubereich setzen (P) oder zwei Marker auswählen"
    ),
    "There is no sound {} in this scene or view layer any more; add it, or rename it back": (
        "Den Ton {} gibt es in dieser Szene oder Ansichtsebene nicht mehr; ihn hinzufügen oder zurückbenennen"
    ),
    "There is no audio file {}; check the path": "Es gibt keine Tondatei {}; den Pfad prüfen",
    "The strip {} shows no frame; lengthen it": "Der Streifen {} zeigt keinen Frame; ihn verlängern",
    "The strip {} is longer than {} hours; cut it in parts": (
        "Der Streifen {} ist länger als {} Stunden; ihn in Teile schneiden"
    ),
    "{} plays nothing: its NLA has no sound strip; add one, or use a sound strip": (
        "{} spielt nichts: Sein NLA hat keinen Ton-Streifen; einen hinzufügen oder einen Ton-Streifen im "
        "Sequencer verwenden"
    ),
    "{} changes its speed on the way; render it to a WAV and use that in its place": (
        "{} ändert unterwegs das Tempo; als WAV rendern und das stattdessen verwenden"
    ),
    "{} has no sound; choose a sound file for it": "{} hat keinen Ton; eine Tondatei dafür wählen",
    "The sound file {} of {} is missing; relink it with File > External Data": (
        "Die Tondatei {} von {} fehlt; sie mit Datei > Externe Daten neu verknüpfen"
    ),
    "{} can't be decoded ({}); choose another file, or convert it to WAV": (
        "{} kann nicht gelesen werden ({}); eine andere Datei wählen oder in WAV umwandeln"
    ),
    "Blender can't mix {} ({}); convert its file to WAV": (
        "Blender kann {} nicht mischen ({}); die Datei in WAV umwandeln"
    ),
    "{} is left out: {}": "{} wird ausgelassen: {}",
    "Nothing was generated: {}": "Es wurde nichts erzeugt: {}",
    "Voxkey is generating; wait, or cancel it": "Voxkey erzeugt gerade; warten oder abbrechen",
    "No voice has a character yet; click Find Voices, and choose who says what": (
        "Noch hat keine Stimme eine Figur; auf Stimmen finden klicken und wählen, wer was spricht"
    ),
    "it is muted in the Sequencer": "es ist im Sequencer stummgeschaltet",
    "{} has no take; generate one, or import a capture": (
        "{} hat keinen Take; einen erzeugen oder eine Aufnahme importieren"
    ),
    "{} has no take {}; choose another": "{} hat keinen Take {}; einen anderen wählen",
    "An NLA strip of {} is being tweaked; leave tweak mode (Tab in the NLA editor) first": (
        "Ein NLA-Streifen von {} wird gerade bearbeitet; zuerst den Bearbeitungsmodus verlassen (Tab im NLA-Editor)"
    ),
    "Choose the mesh of the face": "Das Mesh des Gesichts wählen",
    "{} is no mesh; choose the mesh of the face": "{} ist kein Mesh; das Mesh des Gesichts wählen",
    "{} is linked from another file; make it local {} to animate it": (
        "{} ist aus einer anderen Datei verknüpft; es lokal machen {}, um es zu animieren"
    ),
    "{} has no shape keys; choose another mesh, or make them in the section Rig": (
        "{} hat keine Formschlüssel; ein anderes Mesh wählen oder sie im Abschnitt Rig erstellen"
    ),
    "The mesh of {} is linked from another file; make it local {} to animate it": (
        "Das Mesh von {} ist aus einer anderen Datei verknüpft; es lokal machen {}, um es zu animieren"
    ),
    "{} has absolute shape keys; tick Relative in its Shape Keys panel": (
        "{} hat absolute Formschlüssel; im Panel der Formschlüssel Relativ ankreuzen"
    ),
    "{} is panoramic; choose a perspective or orthographic camera": (
        "{} ist eine Panoramakamera; eine perspektivische oder orthografische wählen"
    ),
    "{} has no mesh; choose the mesh of the face": "{} hat kein Mesh; das Mesh des Gesichts wählen",
    "{} is gone, so nothing was written; start again": "{} ist weg, daher wurde nichts geschrieben; neu beginnen",
    "A modifier of {} removes vertices of the face; switch it off, or apply it": (
        "Ein Modifikator von {} entfernt Punkte des Gesichts; ihn abschalten oder anwenden"
    ),
    "There is no take {} whose sound has changed; nothing was done": (
        "Es gibt keinen Take {}, dessen Ton sich geändert hat; es wurde nichts getan"
    ),
    "None of the {} of {} is named as in {}; match them in the Rig panel, or choose another mesh": (
        "Keiner der {} von {} heißt wie in {}; sie im Panel Rig zuordnen oder ein anderes Mesh wählen"
    ),
    "Drivers move every shape key of {} that speech needs; remove drivers from some{}": (
        "Treiber bewegen jeden Formschlüssel von {}, den Sprache braucht; Treiber von einigen entfernen{}"
    ),
    "{}; add a sound strip in the Sequencer, or choose another": (
        "{}; im Sequencer einen Ton-Streifen hinzufügen oder einen anderen wählen"
    ),
    "{} has no take of {}; generate one first": "{} hat keinen Take von {}; zuerst einen erzeugen",
    "{} was imported, so there is no sound to hear again; shape the range instead": (
        "{} wurde importiert, daher gibt es keinen Ton zum Anhören; stattdessen den Bereich formen"
    ),
    "{} was cut or retimed since {} was made; generate the whole take": (
        "{} wurde geschnitten oder im Tempo geändert, seit {} entstand; den ganzen Take erzeugen"
    ),
    "{} has no range {}; choose another": "{} hat keinen Bereich {}; einen anderen wählen",
    "No frame lies between {} and {}; choose a longer range": (
        "Zwischen {} und {} liegt kein Frame; einen längeren Bereich wählen"
    ),
    "Frames {} to {} are outside the take, which goes from {} to {}; choose a range in it": (
        "Die Frames {} bis {} liegen außerhalb des Takes, der von {} bis {} geht; einen Bereich darin wählen"
    ),
    "{} is gone, so nothing was written; choose a mesh and generate again": (
        "{} ist weg, daher wurde nichts geschrieben; ein Mesh wählen und noch einmal erzeugen"
    ),
    "The sound {} is gone, so nothing was written; choose one and generate again": (
        "Der Ton {} ist weg, daher wurde nichts geschrieben; einen wählen und noch einmal erzeugen"
    ),
    "{} is linked from another file; make it local, or turn an Empty that it is parented to": (
        "{} ist aus einer anderen Datei verknüpft; es lokal machen oder ein Empty drehen, an dem es hängt"
    ),
    "{} has no bone {} any more; choose another": "{} hat keinen Knochen {} mehr; einen anderen wählen",
    "{} does not rotate by Euler angles; set its Rotation Mode to XYZ Euler": (
        "{} dreht sich nicht nach Euler-Winkeln; den Rotationsmodus auf XYZ Euler stellen"
    ),
    "{} is shared with a copy of this character; press Apply to Take to give it its own": (
        "{} wird mit einer Kopie dieser Figur geteilt; auf Auf Take anwenden klicken, um ihr einen eigenen zu geben"
    ),
    "The character has changed since {} was made; press Apply to Take first": (
        "Die Figur hat sich geändert, seit {} entstand; zuerst auf Auf Take anwenden klicken"
    ),
    "Voxkey is busy; wait, or cancel it": "Voxkey ist beschäftigt; warten oder abbrechen",
    "Set the trainer's Python in Voxkey's preferences: the trainer learns outside Blender": (
        "In Voxkeys Einstellungen das Python des Trainers angeben: Der Trainer lernt außerhalb von Blender"
    ),
    "Choose a model folder in Voxkey's preferences, for the character that is learned": (
        "In Voxkeys Einstellungen einen Modellordner für die gelernte Figur wählen"
    ),
    "Generate a take first: the character is learned from frames in which it speaks": (
        "Zuerst einen Take erzeugen: Die Figur wird aus Frames gelernt, in denen sie spricht"
    ),
    "Add a camera that sees the face": "Eine Kamera hinzufügen, die das Gesicht sieht",
    "The trainer stopped: {}": "Der Trainer hat angehalten: {}",
    "Frame {} can't be rendered; render it yourself to see why ({})": (
        "Frame {} kann nicht gerendert werden; selbst rendern, um zu sehen, warum ({})"
    ),
    "{} can't be run; set the trainer's Python in the preferences ({})": (
        "{} kann nicht ausgeführt werden; in den Einstellungen das Python des Trainers angeben ({})"
    ),
    "The mesh of {} is linked from another file; make it local to give it shape keys": (
        "Das Mesh von {} ist aus einer anderen Datei verknüpft; es lokal machen, um ihm Formschlüssel zu geben"
    ),
    "Leave {} mode first": "Zuerst den Modus {} verlassen",
    "Set the 68 landmarks of {} first; Guess Landmarks proposes them": (
        "Zuerst die 68 Landmarken von {} setzen; Landmarken schätzen schlägt sie vor"
    ),
    "Voxkey is making shape keys; wait, or cancel it with Esc": (
        "Voxkey erstellt Formschlüssel; warten oder mit Esc abbrechen"
    ),
    "{} does not have all of the 68 landmarks, each once; apply its landmarks again": (
        "{} hat nicht jede der 68 Landmarken genau einmal; die Landmarken neu anwenden"
    ),
    "{} has {} already; tick Replace to give these shape keys the new shapes": (
        "{} hat schon {}; Ersetzen ankreuzen, um diesen Formschlüsseln die neuen Formen zu geben"
    ),
    "{} lacks jawOpen or some landmarks; deselect it to use Voxkey's default head": (
        "{} fehlen jawOpen oder Landmarken; es abwählen, um Voxkeys Standardkopf zu verwenden"
    ),
    "{} has changed meanwhile; no shape keys were made, make them again": (
        "{} hat sich inzwischen geändert; es wurden keine Formschlüssel erstellt, sie neu erstellen"
    ),
    "Select the sound strip with the speech": "Den Ton-Streifen mit der Sprache auswählen",
    "No rig map knows the names of {}; choose one or match by shape, in the section Rig": (
        "Keine Rig-Zuordnung kennt die Namen von {}; im Abschnitt Rig eine wählen oder nach Form zuordnen"
    ),
    "This sound has no take on this face; generate one": (
        "Dieser Ton hat auf diesem Gesicht keinen Take; einen erzeugen"
    ),
    "The face moves with the take": "Das Gesicht bewegt sich mit dem Take",
    "There is no sound {} any more; choose another": "Den Ton {} gibt es nicht mehr; einen anderen wählen",
    "{} has no phones; generate it with the default model": "{} hat keine Laute; mit dem Standardmodell erzeugen",
    "No phones are shown; press Show Phones": "Es werden keine Laute gezeigt; auf Laute zeigen klicken",
    "{} follows its phones": "{} folgt seinen Lauten",
    "{} follows the phones that the model heard": "{} folgt den Lauten, die das Modell gehört hat",
    "{} has no take of this sound; generate one first": "{} hat keinen Take von diesem Ton; zuerst einen erzeugen",
    "{} phones of {}, on channel {} of the Sequencer": "{} Laute von {}, auf Kanal {} des Sequencers",
    "The phones are kept with {}": "Die Laute bleiben bei {}",
    "{} strips are {} now; press Apply Phones": "{} Streifen sind jetzt {}; auf Laute anwenden klicken",
    "{} gives no phones; generate the take with the default model": (
        "{} gibt keine Laute; den Take mit dem Standardmodell erzeugen"
    ),
    "The take of {} is gone; hide the phones, and show those of another": (
        "Der Take von {} ist weg; die Laute ausblenden und die eines anderen zeigen"
    ),
    "The take of these phones is gone": "Der Take dieser Laute ist weg",
    "No strip of a phone is selected, or all that are selected are locked; select one first": (
        "Kein Streifen eines Lauts ist ausgewählt, oder alle ausgewählten sind gesperrt; zuerst einen auswählen"
    ),
    "{}: {} frames in {}": "{}: {} Frames in {}",
    "Learn this character first, or choose the model file of one that was learned": (
        "Zuerst diese Figur lernen oder die Modelldatei einer gelernten wählen"
    ),
    "Generate a take first: the picture follows the face": "Zuerst einen Take erzeugen: Das Bild folgt dem Gesicht",
    "Save the file first, or choose a folder that does not depend on where it is": (
        "Zuerst die Datei speichern oder einen Ordner wählen, der nicht von ihrem Ort abhängt"
    ),
    "The scene has no sound strip; add one in the Sequencer, or choose another": (
        "Die Szene hat keinen Ton-Streifen; im Sequencer einen hinzufügen oder einen anderen wählen"
    ),
    "Install Voxkey again: the models that paint from pictures are missing": (
        "Voxkey neu installieren: die Modelle, die nach Bildern malen, fehlen"
    ),
    "Choose a picture of a face, or a folder of pictures": (
        "Ein Bild eines Gesichts oder einen Ordner mit Bildern wählen"
    ),
    "No face was found in {}; choose a picture that shows one face from the front, not too small": (
        "In {} wurde kein Gesicht gefunden; ein Bild wählen, das ein Gesicht von vorn und nicht zu klein zeigt"
    ),
    "There are no pictures in {}; choose a picture, or another folder": (
        "In {} sind keine Bilder; ein Bild oder einen anderen Ordner wählen"
    ),
    "There is no picture {}; choose another": "Es gibt kein Bild {}; ein anderes wählen",
    "{} is no picture that Blender can open; choose another": (
        "{} ist kein Bild, das Blender öffnen kann; ein anderes wählen"
    ),
    "{} paints whom pictures show; choose the look Reference Images": (
        "{} malt, wen Bilder zeigen; das Aussehen Referenzbilder wählen"
    ),
    "There is no model file {}; learn a character, or choose its file": (
        "Es gibt keine Modelldatei {}; eine Figur lernen oder ihre Datei wählen"
    ),
    "There is no trained character; learn one, or choose its model file": (
        "Es gibt keine gelernte Figur; eine lernen oder ihre Modelldatei wählen"
    ),
    "{} is gone, so nothing was written; render again": (
        "{} ist weg, daher wurde nichts geschrieben; noch einmal rendern"
    ),
    "Choose a link in the list": "In der Liste eine Verknüpfung wählen",
    "{} is linked from another file; make a library override to give it a rig map of its own": (
        "{} ist aus einer anderen Datei verknüpft; eine Bibliotheksüberschreibung anlegen, um ihm eine "
        "eigene Rig-Zuordnung zu geben"
    ),
    "The links are the family's; press Edit Links to have your own": (
        "Die Verknüpfungen sind die der Familie; auf Verknüpfungen bearbeiten klicken, um eigene zu haben"
    ),
    "This is the last link; press Reset to Detected to go back to the family's": (
        "Dies ist die letzte Verknüpfung; auf Auf Erkanntes zurücksetzen klicken, um zu denen der Familie"
        " zurückzukehren"
    ),
    "No family of rigs has names like {}'s; choose a rig map or match by shape first": (
        "Keine Familie von Rigs hat Namen wie {}; zuerst eine Rig-Zuordnung wählen oder nach Form zuordnen"
    ),
    "{} finds nothing on {}; choose another rig map": "{} findet auf {} nichts; eine andere Rig-Zuordnung wählen",
    "{} has no shape keys, bones or properties that a link could move": (
        "{} hat keine Formschlüssel, Knochen oder Eigenschaften, die eine Verknüpfung bewegen könnte"
    ),
    "{} can't be written ({}); choose another folder": (
        "{} kann nicht geschrieben werden ({}); einen anderen Ordner wählen"
    ),
    "{}, {} of {} channels": "{}, {} von {} Kanälen",
    "No family found": "Keine Familie gefunden",
    "There is nothing to fix any more; play the scene to see the take": (
        "Es gibt nichts mehr zu beheben; die Szene abspielen, um den Take zu sehen"
    ),
    "{} has the setting {}, which this Voxkey does not have; update it": (
        "{} hat die Einstellung {}, die dieses Voxkey nicht hat; es aktualisieren"
    ),
    "{} sets {} to {}, which it can't be; correct it or save it again": (
        "{} setzt {} auf {}, was nicht geht; es berichtigen oder neu speichern"
    ),
    "{} is no preset of Voxkey's settings; save one in the panel first": (
        "{} ist keine Vorgabe für Voxkeys Einstellungen; zuerst eine im Panel speichern"
    ),
    "{} has no shape keys to match; make them first, or choose another mesh": (
        "{} hat keine Formschlüssel zum Zuordnen; sie zuerst erstellen oder ein anderes Mesh wählen"
    ),
    "There are no landmarks to apply; guess them first": "Es gibt keine Landmarken anzuwenden; sie zuerst schätzen",
    "{} of {} channels found": "{} von {} Kanälen gefunden",
    "The mesh of {} is linked from another file; make it local, or a library override": (
        "Das Mesh von {} ist aus einer anderen Datei verknüpft; es lokal machen oder eine "
        "Bibliotheksüberschreibung anlegen"
    ),
    "Leave {} mode of {} first": "Zuerst den Modus {} von {} verlassen",
    "{} has no surface; choose the mesh of the face": "{} hat keine Oberfläche; das Mesh des Gesichts wählen",
    "{} has {} vertices instead of 68; undo, or guess again": (
        "{} hat {} Punkte statt 68; rückgängig machen oder neu schätzen"
    ),
    "There is no 3D view and no camera; turn a view to the face, or add a camera before it": (
        "Es gibt keine 3D-Ansicht und keine Kamera; eine Ansicht zum Gesicht drehen oder eine Kamera davorstellen"
    ),
    "{} has no 68 landmarks yet; guess them": "{} hat noch keine 68 Landmarken; sie schätzen",
    "{} has no take yet; generate one, or import a capture": (
        "{} hat noch keinen Take; einen erzeugen oder eine Aufnahme importieren"
    ),
    "{} was imported from the file {}; it has no strip": "{} wurde aus der Datei {} importiert; er hat keinen Streifen",
    "In {} the character listens to others; it has no strip of its own": (
        "In {} hört die Figur anderen zu; er hat keinen eigenen Streifen"
    ),
    "{} is muted; bring it back into use first": "{} ist stumm; ihn zuerst zurückholen",
    "{} has no take {} in use; choose another, or bring it back": (
        "{} hat keinen Take {} in Gebrauch; einen anderen wählen oder ihn zurückholen"
    ),
    "Merged into {}; the takes were {}": "Zu {} verschmolzen; die Takes waren {}",
    "The mesh has too few vertices for 68 landmarks; choose the mesh with the face": (
        "Das Mesh hat zu wenige Punkte für 68 Landmarken; das Mesh mit dem Gesicht wählen"
    ),
    "No face was found on this mesh; choose the mesh with the face, or look at it from the front": (
        "Auf diesem Mesh wurde kein Gesicht gefunden; das Mesh mit dem Gesicht wählen oder es von vorn ansehen"
    ),
    "{} has no column {}; choose a CSV file from Live Link Face": (
        "{} hat keine Spalte {}; eine CSV-Datei von Live Link Face wählen"
    ),
    "{} has no moment with a face; record it again": "{} hat keinen Moment mit einem Gesicht; neu aufnehmen",
    "{} could not be started for {}; choose Auto or CPU": (
        "{} konnte für {} nicht gestartet werden; Auto oder CPU wählen"
    ),
    "There is no model file {}; choose a model in the panel or reinstall Voxkey": (
        "Es gibt keine Modelldatei {}; im Panel ein Modell wählen oder Voxkey neu installieren"
    ),
    "{} is not available here; choose Auto or one of {}": "{} ist hier nicht verfügbar; Auto oder eines von {} wählen",
    "{} is not a Voxkey model: it carries no contract; choose a model exported by the trainer": (
        "{} ist kein Modell von Voxkey: Es enthält keinen Vertrag; ein vom Trainer exportiertes Modell wählen"
    ),
    "{} follows contract version {}, this Voxkey reads {}; update the older one": (
        "{} folgt der Vertragsversion {}, dieses Voxkey liest {}; das ältere aktualisieren"
    ),
    "{} is a model of kind {}; choose one of kind {}": "{} ist ein Modell der Art {}; eines der Art {} wählen",
    "{} failed on {}; choose CPU or another model ({})": (
        "{} ist auf {} gescheitert; CPU oder ein anderes Modell wählen ({})"
    ),
    "onnxruntime can't be loaded ({}); install the Voxkey zip made for this system and Blender version": (
        "onnxruntime kann nicht geladen werden ({}); das Voxkey-Zip für dieses System und diese Blender-"
        "Version installieren"
    ),
    "{} is damaged or no model file; download or export it again ({})": (
        "{} ist beschädigt oder keine Modelldatei; neu herunterladen oder exportieren ({})"
    ),
    "There is no speech sound {}; name the phone by IPA letters, such as {}": (
        "Es gibt keinen Laut {}; den Laut mit IPA-Zeichen benennen, etwa {}"
    ),
    "No shape key moves the landmarks; place them on this face and apply them again": (
        "Kein Formschlüssel bewegt die Landmarken; sie auf dieses Gesicht setzen und neu anwenden"
    ),
    "{} is empty; export it again": "{} ist leer; neu exportieren",
    "{} is no text file; choose another file": "{} ist keine Textdatei; eine andere Datei wählen",
    "{} can't be read ({}); choose another file": "{} kann nicht gelesen werden ({}); eine andere Datei wählen",
    "{} is not a WAV file; choose a WAV, or convert it to one": (
        "{} ist keine WAV-Datei; eine WAV-Datei wählen oder in eine umwandeln"
    ),
    "{} is damaged: it has no format or no samples; export it again": (
        "{} ist beschädigt: ohne Format oder Inhalt; neu exportieren"
    ),
    "The audio is empty; choose a recording with sound in it": (
        "Der Ton ist leer; eine Aufnahme wählen, in der etwas zu hören ist"
    ),
    "The audio contains samples that are not numbers; export it again": (
        "Der Ton enthält Werte, die keine Zahlen sind; neu exportieren"
    ),
    "The audio is longer than {} hours; cut it and generate the parts": (
        "Der Ton ist länger als {} Stunden; ihn schneiden und die Teile erzeugen"
    ),
    "The audio is silent; check the volume of the strip and the recording": (
        "Der Ton ist still; die Lautstärke von Streifen und Aufnahme prüfen"
    ),
    "{} can't be written; check the free space and the folder ({})": (
        "{} kann nicht geschrieben werden; freien Platz und Ordner prüfen ({})"
    ),
    "Regions": "Bereiche",
    "Lips and Lids": "Lippen und Lider",
    "Smoothing": "Glättung",
    "Own Settings": "Eigene Einstellungen",
    "Other File": "Andere Datei",
    "{} matched, {} combined, {} unmatched": "{} zugeordnet, {} geteilt, {} offen",
    "{} on {}": "{} auf {}",
    "{} moves nothing": "{} bewegt nichts",
    "The take is at rest throughout: the sound is silent, or Strength is 0": (
        "Der Take ruht durchweg: Der Ton ist still, oder die Stärke ist 0"
    ),
    "{} does not move with its shape keys; are they equal to the Basis?": (
        "{} bewegt sich mit seinen Formschlüsseln nicht; sind sie gleich der Basis?"
    ),
    "The bones of {} do not move; do constraints or drivers hold them?": (
        "Die Knochen von {} bewegen sich nicht; halten Constraints oder Treiber sie fest?"
    ),
    "No mesh follows what the take moves; is one bound to the bones, or driven by properties?": (
        "Kein Mesh folgt dem, was der Take bewegt; hängt eines an den Knochen oder wird von Eigenschaften getrieben?"
    ),
    "Generate Lip Sync from Audio": "Lippensynchronisation aus Ton erzeugen",
    "Add Sound and Lip Sync...": "Ton und Lippensynchronisation hinzufügen...",
    "Sound and Lip Sync...": "Ton und Lippensynchronisation...",
    "Add a sound strip with the speech, or drop an audio file onto the 3D view": (
        "Einen Ton-Streifen mit der Sprache hinzufügen oder eine Tondatei auf die 3D-Ansicht ziehen"
    ),
    "Blink Style": "Blinzelart",
    "Live": "Live",
    "Stop": "Anhalten",
    (
        "The face follows the voice while it is heard, with all sliders, until you press Esc or the "
        "button again. Nothing is keyed, and the face returns to where it was, unless you record"
    ): (
        "Das Gesicht folgt der Stimme, während sie zu hören ist, mit allen Reglern, bis Esc oder noch "
        "einmal der Knopf gedrückt wird. Es entstehen keine Keyframes, und das Gesicht kehrt zurück, "
        "außer bei einer Aufzeichnung"
    ),
    "What the face follows": "Wem das Gesicht folgt",
    "Timeline": "Zeitleiste",
    "The sound of this face in the Sequencer, while you play or scrub": (
        "Dem Ton dieses Gesichts im Sequencer, beim Abspielen oder Ziehen"
    ),
    "Microphone": "Mikrofon",
    "The system's microphone; needs the package sounddevice": "Dem Mikrofon des Systems; braucht das Paket sounddevice",
    "Record": "Aufzeichnen",
    (
        "Keep what was performed as a take when you stop. What the microphone heard becomes the sound "
        "strip of the take, from the current frame on"
    ): (
        "Behält das Gespielte beim Anhalten als Take. Was das Mikrofon gehört hat, wird zum Ton-Streifen "
        "des Takes, ab dem aktuellen Frame"
    ),
    "Live needs Blender's window; without one, generate a take": (
        "Live braucht Blenders Fenster; ohne eines einen Take erzeugen"
    ),
    "Live has stopped: {}": "Live hat angehalten: {}",
    "{} is gone; choose another face": "{} ist nicht mehr da; ein anderes Gesicht wählen",
    "Add a sound strip with the speech, or choose the microphone": (
        "Einen Ton-Streifen mit der Sprache hinzufügen oder das Mikrofon wählen"
    ),
    "{} can't follow a microphone; choose the default model": (
        "{} kann keinem Mikrofon folgen; das Standardmodell wählen"
    ),
    (
        "The microphone needs the package sounddevice, which is not part of Voxkey ({}); run {}, and start Blender anew"
    ): (
        "Das Mikrofon braucht das Paket sounddevice, das nicht zu Voxkey gehört ({}); {} ausführen und "
        "Blender neu starten"
    ),
    "The microphone can't be opened ({}); choose another in the system's sound settings": (
        "Das Mikrofon lässt sich nicht öffnen ({}); in den Toneinstellungen des Systems ein anderes wählen"
    ),
    "The microphone gave no sound yet; choose another in the system's sound settings": (
        "Vom Mikrofon kam noch kein Ton; in den Toneinstellungen des Systems ein anderes wählen"
    ),
    "{} s heard: {} of {} frames shown, {} ms after the sound, at most {}": (
        "{} s gehört: {} von {} Frames gezeigt, {} ms nach dem Ton, höchstens {}"
    ),
    "sound was lost {} times, as the computer was too busy": (
        "{} Mal ging Ton verloren, weil der Rechner beschäftigt war"
    ),
    "The face follows the timeline: play it": "Das Gesicht folgt der Zeitleiste: abspielen",
    "Nothing was heard, so nothing was recorded": "Es war nichts zu hören, also wurde nichts aufgenommen",
    "Nothing was heard yet, so nothing was recorded": "Es war noch nichts zu hören, also wurde nichts aufgenommen",
    "Use Transcript": "Text verwenden",
    (
        "Find the words of the transcript in the sound: the phones become those that it says, and the "
        "lips close on every p, b and m that it has. Edits made by hand before are forgotten"
    ): (
        "Findet die Wörter des Textes im Ton: Die Laute werden die, die er nennt, und die Lippen "
        "schließen sich bei jedem p, b und m darin. Frühere Änderungen von Hand werden vergessen"
    ),
    "Transcript": "Gesprochener Text",
    "What is said in the sound; numbers as words. A wrong or missing word does no harm": (
        "Was im Ton gesprochen wird; Zahlen als Wörter. Ein falsches oder fehlendes Wort schadet nicht"
    ),
    "Text": "Text",
    "A text of the Text Editor with what is said, for long recordings": (
        "Ein Text des Texteditors mit dem Gesprochenen, für lange Aufnahmen"
    ),
    "Language": "Sprache",
    "Language of the transcript, whose spelling says which sounds its words have": (
        "Sprache des Textes, deren Schreibung sagt, welche Laute seine Wörter haben"
    ),
    "Auto": "Automatisch",
    "The language whose sounds are heard best": "Die Sprache, deren Laute am besten zu hören sind",
    "English": "Englisch",
    "German": "Deutsch",
    "French": "Französisch",
    "Spanish": "Spanisch",
    "Italian": "Italienisch",
    "Dutch": "Niederländisch",
    "Portuguese": "Portugiesisch",
    "The NLA track {} is muted": "Die NLA-Spur {} ist stumm",
    "The NLA strip {} is muted": "Der NLA-Streifen {} ist stumm",
    "The NLA strip {} has no slot": "Der NLA-Streifen {} hat keinen Slot",
    "The NLA of {} is switched off; switch it on to see the {}": (
        "Das NLA von {} ist abgeschaltet; es einschalten, um den {} zu sehen"
    ),
    "{} is on solo; switch that off to see the take as it is": (
        "{} ist auf Solo; das ausschalten, um den Take zu sehen, wie er ist"
    ),
    "Your Action {} animates {} and wins over the take": (
        "Die eigene Aktion {} animiert {} und setzt sich gegen den Take durch"
    ),
    "Your NLA strips animate {} too; the take adds to them": (
        "Eigene NLA-Streifen animieren {} auch; der Take kommt hinzu"
    ),
    "A driver moves {} and wins over the take; remove it": (
        "Ein Treiber bewegt {} und setzt sich gegen den Take durch; ihn entfernen"
    ),
    "{} is muted and will not move": "{} ist stumm und bewegt sich nicht",
    "The range of {} ends below 1; larger values are cut off": (
        "Der Bereich von {} endet unter 1; größere Werte werden abgeschnitten"
    ),
    "Solo is on in the Shape Keys panel{}; the mesh shows one key only": (
        "Im Panel der Formschlüssel{} ist Solo an; das Mesh zeigt nur einen"
    ),
    "{} is in Edit Mode, which shows no animation; leave it with Tab": (
        "{} ist im Bearbeitungsmodus, der keine Animation zeigt; ihn mit Tab verlassen"
    ),
    "{} is not in the view layer {}; tick its collection in the Outliner": (
        "{} ist nicht in der Ansichtsebene {}; die Sammlung im Outliner ankreuzen"
    ),
    "{} is disabled in viewports": "{} ist in Ansichten deaktiviert",
    "{} is hidden": "{} ist ausgeblendet",
    "{} is in a hidden collection; show that in the Outliner": (
        "{} ist in einer ausgeblendeten Sammlung; sie im Outliner zeigen"
    ),
    "The armature {} is in rest position": "Das Skelett {} ist in Ruheposition",
    "The modifier {} of {} is off in viewports, so no bone moves it": (
        "Der Modifikator {} von {} ist in Ansichten aus, also bewegt es kein Knochen"
    ),
    "Unmute": "Laut schalten",
    "Choose Slot": "Slot wählen",
    "Switch On": "Einschalten",
    "Switch Off": "Ausschalten",
    "Push Down": "Herunterschieben",
    "Widen to 1": "Auf 1 weiten",
    "Enable": "Aktivieren",
    "Show": "Zeigen",
    "Pose Position": "Posenposition",
    "{}: {} over {} frames": "{}: {} über {} Frames",
    "{}: {} over {} frames, {} of {} keys": "{}: {} über {} Frames, {} von {} Keyframes",
    "{}: {} over {} frames, in place of the earlier take": "{}: {} über {} Frames, anstelle des früheren Takes",
    "{}: {} over {} frames, in place of the earlier take, {} of {} keys": (
        "{}: {} über {} Frames, anstelle des früheren Takes, {} von {} Keyframes"
    ),
    "{} channels have no shape key": "{} Kanäle haben keinen Formschlüssel",
    "the face does not move": "das Gesicht bewegt sich nicht",
    "The rig map is {} now; the earlier take was made with {}": (
        "Die Rig-Zuordnung ist jetzt {}; der frühere Take entstand mit {}"
    ),
    "{} moved in the earlier take and finds nothing now; a key was renamed or deleted": (
        "{} bewegte sich im früheren Take und findet nun nichts; ein Formschlüssel wurde umbenannt oder gelöscht"
    ),
    "A driver moves {}; the take leaves it alone{}": "Ein Treiber bewegt {}; der Take lässt es in Ruhe{}",
    "The slider of {} was not at 0; the take starts from 0": (
        "Der Regler von {} stand nicht auf 0; der Take beginnt bei 0"
    ),
    "{} objects share this mesh ({}); all of them move": "{} Objekte teilen sich dieses Mesh ({}); alle bewegen sich",
    "The phones edited in {} do not fit what is heard now; that take is kept on a muted NLA track": (
        "Die in {} bearbeiteten Laute passen nicht zu dem, was jetzt zu hören ist; dieser Take bleibt auf"
        " einer stummen NLA-Spur"
    ),
    "The earlier take {} is linked from another file; it is kept on a muted NLA track": (
        "Der frühere Take {} ist aus einer anderen Datei verknüpft; er bleibt auf einer stummen NLA-Spur"
    ),
    "The earlier take {} was edited by hand; it is kept on a muted NLA track": (
        "Der frühere Take {} wurde von Hand bearbeitet; er bleibt auf einer stummen NLA-Spur"
    ),
    "No face was seen for {} s; the motion goes straight through": (
        "{} s lang war kein Gesicht zu sehen; die Bewegung geht geradlinig weiter"
    ),
    (
        "onnxruntime can't be loaded here, so the model runs in plain numpy: same curves, but slower and "
        "on the CPU only; install the Voxkey zip made for this system and Blender version"
    ): (
        "onnxruntime kann hier nicht geladen werden, daher läuft das Modell in reinem numpy: dieselben "
        "Kurven, aber langsamer und nur auf der CPU; das Voxkey-Zip für dieses System und diese Blender-"
        "Version installieren"
    ),
    "onnxruntime {}, devices: {}": "onnxruntime {}, Geräte: {}",
    "{} shape keys": "{} Formschlüssel",
    "{} shape key": "{} Formschlüssel",
    "{} bones": "{} Knochen",
    "{} bone": "{} Knochen",
    "No take has phones; generate one with the default model": (
        "Kein Take hat Laute; einen mit dem Standardmodell erzeugen"
    ),
    "The transcript says {} of what is heard, in {}": "Der Text nennt {} von dem, was zu hören ist, auf {}",
    "The transcript, in {}, says only {} of what is heard; check the text and its language": (
        "Das Transkript, auf {}, sagt nur {} dessen, was zu hören ist; Text und Sprache prüfen"
    ),
    "The transcript has no words in Latin letters; write what is said, numbers as words": (
        "Das Transkript hat keine Wörter in lateinischer Schrift; schreiben, was gesagt wird, Zahlen als Wörter"
    ),
    "There is no transcript; write what is said, or choose a text": (
        "Es gibt keinen Text; eintragen, was gesprochen wird, oder einen Text wählen"
    ),
    "A transcript may be of {} minutes; cut the sound in parts": (
        "Ein Transkript darf {} Minuten umfassen; den Ton in Teile schneiden"
    ),
    "{} has no phones in it; export them again": "{} enthält keine Laute; sie erneut exportieren",
    "{} has no tier named {}; name one of {} so in Praat": "{} hat keine Ebene namens {}; in Praat eine so nennen: {}",
    "{} holds no phones as Voxkey exports them ({}); export them again": (
        "{} enthält keine Laute, wie Voxkey sie exportiert ({}); sie erneut exportieren"
    ),
    "{} is missing or damaged ({}); install Voxkey again": "{} fehlt oder ist beschädigt ({}); Voxkey neu installieren",
    "{} was made for another Voxkey; install Voxkey again": (
        "{} gehört zu einem anderen Voxkey; Voxkey neu installieren"
    ),
    "Nothing can move here yet; guess the landmarks, drag them where they are wrong, and make shape keys": (
        "Hier kann sich noch nichts bewegen; die Landmarken schätzen, zurechtziehen, wo sie falsch sind, "
        "und Formschlüssel erstellen"
    ),
    "The sound {} of {} is gone or has another name; bring it back, or shape the range": (
        "Der Ton {} von {} ist weg oder heißt anders; ihn zurückholen oder den Bereich formen"
    ),
    "Listening {}": "Hört zu {}",
    "No rig map knows the names of {}; match by shape, in the section Rig": (
        "Keine Rig-Zuordnung kennt die Namen von {}; im Abschnitt Rig nach Form zuordnen"
    ),
    (
        'The microphone needs the package sounddevice, which is not part of Voxkey ({}); run "{}" -m pip '
        'install --target "{}" sounddevice, and start Blender anew'
    ): (
        'Das Mikrofon braucht das Paket sounddevice, das nicht zu Voxkey gehört ({}); "{}" -m pip install'
        ' --target "{}" sounddevice ausführen und Blender neu starten'
    ),
}
"""English -> German; {} stands for a name or a number, in the same order."""
