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
    "Blend Take": "Take überblenden",
    "How the take and what lies below it in the NLA go together: older takes, and your own animation": (
        "Wie der Take und das, was in der NLA unter ihm liegt, zusammenspielen: ältere Takes und die eigene Animation"
    ),
    "Mode": "Modus",
    "Whether the take adds to what lies below it, or replaces it": (
        "Ob der Take zu dem, was unter ihm liegt, hinzukommt oder es ersetzt"
    ),
    "Add": "Hinzufügen",
    "The take adds to what lies below it: a smile of yours stays while the mouth speaks": (
        "Der Take kommt zu dem, was unter ihm liegt, hinzu: Ein eigenes Lächeln bleibt, während der Mund spricht"
    ),
    (
        "While the take plays, it alone moves what it moves: older takes and your own animation are silent "
        "there, and play on before and after. Nothing of them is changed; an active Action goes onto an NLA "
        "track below the take"
    ): (
        "Solange der Take spielt, bewegt er allein, was er bewegt: Ältere Takes und die eigene Animation "
        "schweigen dort und spielen davor und danach weiter. Nichts davon wird geändert; eine aktive Aktion "
        "kommt auf eine NLA-Spur unter dem Take"
    ),
    "{} is on an NLA track below the take now, unchanged": (
        "{} liegt jetzt unverändert auf einer NLA-Spur unter dem Take"
    ),
    "Merge Takes": "Takes zusammenführen",
    (
        "Make one plain Action out of all takes in use of this character, for each data-block that they "
        "move, to be edited by hand. The takes are muted; your own animation stays as it is"
    ): (
        "Macht aus allen verwendeten Takes dieser Figur eine einfache Aktion für jeden Datenblock, den sie "
        "bewegen, zum Bearbeiten von Hand. Die Takes verstummen; die eigene Animation bleibt, wie sie ist"
    ),
    "Place": "Ort",
    "Where the merged Action goes": "Wohin die zusammengeführte Aktion kommt",
    "NLA Track": "NLA-Spur",
    "On a track of its own over your animation, which goes on below it": (
        "Auf eine eigene Spur über der eigenen Animation, die darunter weiterläuft"
    ),
    "Active Action": "Aktive Aktion",
    "All that is seen, your own animation too, as the active Action": (
        "Alles, was zu sehen ist, auch die eigene Animation, als aktive Aktion"
    ),
    "What becomes of the takes": "Was aus den Takes wird",
    "Mute": "Stummschalten",
    "Keep them, out of use: they can be brought back and shaped": (
        "Behält sie, außer Gebrauch: Sie lassen sich zurückholen und formen"
    ),
    "Remove": "Entfernen",
    "Delete them; the merged Action can't be shaped any more": (
        "Löscht sie; die zusammengeführte Aktion lässt sich nicht mehr formen"
    ),
    "Merged into {}; the takes were muted": "Zusammengeführt in {}; die Takes sind stumm",
    "Merged into {}; the takes were removed": "Zusammengeführt in {}; die Takes wurden entfernt",
    "Push Actions Down": "Aktionen nach unten schieben",
    (
        "Lay the active Actions of the face and all that belongs to it on NLA tracks on top of the others, "
        "unchanged: the same as Push Down in the NLA editor, for all data-blocks at once"
    ): (
        "Legt die aktiven Aktionen des Gesichts und all dessen, was zu ihm gehört, unverändert auf NLA-Spuren "
        "über den anderen: dasselbe wie Nach-unten-Schieben im NLA-Editor, für alle Datenblöcke zugleich"
    ),
    "Pushed down {}": "{} nach unten geschoben",
    "{} has no take in use; generate one, or bring one back": (
        "{} hat keinen verwendeten Take; einen erzeugen oder zurückholen"
    ),
    "{} has no active Action; merge takes into one first": (
        "{} hat keine aktive Aktion; zuerst Takes zu einer zusammenführen"
    ),
    "Reference Render": "Vorschaufilm",
    "Paint the line as a trained character looks, in seconds, as pictures and a film with sound": (
        "Malt die Zeile so, wie eine gelernte Figur aussieht, in Sekunden, als Bilder und als Film mit Ton"
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
    "Closures": "Lippenschlüsse",
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
    "Head Motion": "Kopfbewegung",
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
    "Who is painted: a trained character": "Wer gemalt wird: eine gelernte Figur",
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
    "Sound and Lip Sync": "Ton und Lippensynchronisation",
    "Add Sound and Animate...": "Ton hinzufügen und animieren...",
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
}
"""English -> German; {} stands for a name or a number, in the same order."""
