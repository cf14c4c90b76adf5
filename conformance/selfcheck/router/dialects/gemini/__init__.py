"""Google Gemini's generateContent and streamGenerateContent."""
